/** Time that passes when a test says so. */
import type { ConsoleClock } from './browser-clock.ts';

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

export class ManualClock implements ConsoleClock {
  #nowMs: number;
  #timers = new Set<Timer>();

  constructor(nowMs = 1_700_000_000_000) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  get waiting(): number {
    return this.#timers.size;
  }

  /** Runs what is due on the way, in order, and lets what they have begun go on. */
  async pass(durationMs: number): Promise<void> {
    const untilMs = this.#nowMs + durationMs;
    for (;;) {
      await settle();
      const [next] = [...this.#timers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
    this.#nowMs = untilMs;
    await settle();
  }
}

/** Promises that wait for nothing but other promises are done after this. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
