/**
 * What the wall clock showed at an instant of the monotonic clock. The two cannot be read at once: this
 * thread may be stopped between the readings, for a hundred milliseconds on a busy machine, and the wall
 * clock is read in whole milliseconds. But the distance between the two clocks is constant until somebody
 * sets the wall clock. So each pair of readings bounds the distance, all bounds since the last setting hold
 * together, and the least distance they allow is taken.
 *
 * W1 a time is never later than the truth, however long the thread was stopped: a recovery point that is
 *    chosen by its time must hold everything acknowledged before that time;
 * W2 of two instants the later one has no earlier time, because the least distance only grows;
 * W3 bounds that contradict each other mean that the wall clock was set: the newest counts.
 */
import type { Clock } from '@landfall/runtime';

/** Wall clock less monotonic clock. */
interface Bounds {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** The wall clock's resolution, and a little for two readings. */
const CLOSE_MS = 1.1;
const READINGS_MAX = 8;
/** A double holds milliseconds since 1970 to a quarter of a microsecond. */
const ROUNDING_MS = 0.002;

export class WallTime {
  readonly #clock: Clock;
  #bounds: Bounds | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whole milliseconds since the epoch. */
  at(instantNs: bigint): number {
    let reading = readBoth(this.#clock);
    for (let count = 1; reading.mostMs - reading.leastMs > CLOSE_MS && count < READINGS_MAX; count += 1) {
      this.#learn(reading);
      reading = readBoth(this.#clock);
    }
    return Math.floor(this.#learn(reading).leastMs + Number(instantNs) / 1e6);
  }

  #learn(reading: Bounds): Bounds {
    const known = this.#bounds ?? reading;
    const leastMs = Math.max(known.leastMs, reading.leastMs);
    const mostMs = Math.min(known.mostMs, reading.mostMs);
    this.#bounds = leastMs <= mostMs + ROUNDING_MS ? { leastMs, mostMs } : reading;
    return this.#bounds;
  }
}

function readBoth(clock: Clock): Bounds {
  const beforeNs = clock.monotonicNs();
  const wallMs = clock.nowMs();
  const afterNs = clock.monotonicNs();
  return { leastMs: wallMs - Number(afterNs) / 1e6, mostMs: wallMs + 1 - Number(beforeNs) / 1e6 };
}
