/** How long each story took, for whoever wants the whole to be faster. Monotonic time. */

interface StoryTime {
  readonly file: string;
  readonly lane: string;
  readonly seconds: number;
}

export class StoryTimes {
  readonly #times: StoryTime[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** To be called again when the story is over. */
  start(file: string, lane: string): () => void {
    const startedMs = this.#nowMs();
    return () => this.#times.push({ file, lane, seconds: Math.round((this.#nowMs() - startedMs) / 1000) });
  }

  /** The longest first, with what each lane took. Nothing where nothing ran. */
  lines(): readonly string[] {
    if (this.#times.length === 0) return [];
    const longest = this.#times.toSorted((one, other) => other.seconds - one.seconds);
    const lanes = [...new Set(this.#times.map(({ lane }) => lane))];
    return [
      ...longest.map(
        ({ file, lane, seconds }) => `${`${seconds} s`.padStart(8)}  ${lane.padEnd(11)}  ${file}`,
      ),
      ...lanes.map((lane) => `${`${this.#sum(lane)} s`.padStart(8)}  ${lane.padEnd(11)}  all of them`),
    ];
  }

  #sum(lane: string): number {
    return this.#times.reduce((sum, time) => (time.lane === lane ? sum + time.seconds : sum), 0);
  }
}
