/**
 * The life of one simulated program. After its end nothing it waits for ever comes: a sleeping program does
 * not wake, a call under way does not return. That is `kill -9`; what was outside of the program stays.
 */
import type { Clock } from '@landfall/runtime';

/** A wall clock that jumps; time itself goes on. */
export interface WallClock {
  offsetMs: number;
}

export class ProgramLife {
  readonly clock: Clock;
  readonly #gone = Promise.withResolvers<void>();
  #alive = true;

  constructor(clock: Clock, wall: WallClock) {
    this.clock = {
      nowMs: () => clock.nowMs() + wall.offsetMs,
      monotonicNs: () => clock.monotonicNs(),
      sleep: (durationMs, signal) => this.during(clock.sleep(durationMs, signal)),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** For those outside: resolves when it has ended. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  end(): void {
    this.#alive = false;
    this.#gone.resolve();
  }

  /** The outcome, for a program that is still there to see it. */
  async during<Result>(outcome: Promise<Result>): Promise<Result> {
    try {
      const result = await outcome;
      return this.#alive ? result : await forEver();
    } catch (error) {
      if (this.#alive) throw error;
      return forEver();
    }
  }
}

export function forEver<Result>(): Promise<Result> {
  return new Promise<Result>(() => undefined);
}
