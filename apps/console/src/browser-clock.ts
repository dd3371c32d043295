/** The only file of the console that asks the browser for the time, for timers and for chance. */
export interface ConsoleClock {
  nowMs(): number;
  /** Returns what calls it off. */
  after(delayMs: number, run: () => void): () => void;
}

export const browserClock: ConsoleClock = {
  nowMs: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

export function sleep(clock: ConsoleClock, durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(durationMs, resolve);
  });
}

export function randomId(): string {
  return crypto.randomUUID();
}
