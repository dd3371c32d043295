/**
 * When a scan freezes the file systems of its disks, and what came of it. Under a freeze everything has to be
 * read again that was written since the pass began, and without tracepoints nobody knows more of that than
 * which disks: so a freeze takes about as long as reading those disks. It is not begun when that would take
 * longer than it may, and after one that failed the next is put off, twice as long each time, whatever the
 * interval: whoever writes has waited for nothing.
 */
import type { Clock } from '@landfall/runtime';
import { describeError } from '@landfall/runtime';
import type { DiskFreezer, FreezeHold } from './disk-freezer.ts';

export interface FreezeOptions {
  readonly freezer: DiskFreezer;
  /** The longest that anything may be frozen. */
  readonly limitMs: number;
  /** From one freeze to the next. */
  readonly intervalMs: number;
}

export interface FreezeFacts {
  /** Points that are cuts because of a freeze. */
  readonly cuts: number;
  /** How long the last of them took. */
  readonly lastFrozenMs: number | undefined;
  /** Why the last attempt came to nothing; gone with the next that succeeds. */
  readonly failure: string | undefined;
}

/** Of what a freeze may take, so that one that is a little slower than expected ends well. */
const SHARE_PLANNED = 0.8;
const FAILURES_COUNTED_MAX = 6;
const AFTER_FAILURE_MS_MIN = 60_000;

export class ScanFreeze {
  readonly #options: FreezeOptions;
  readonly #clock: Clock;
  #nextNs = 0n;
  #failures = 0;
  #cuts = 0;
  #lastFrozenMs: number | undefined;
  #failure: string | undefined;

  constructor(options: FreezeOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  get facts(): FreezeFacts {
    return { cuts: this.#cuts, lastFrozenMs: this.#lastFrozenMs, failure: this.#failure };
  }

  get isDue(): boolean {
    return this.#clock.monotonicNs() >= this.#nextNs;
  }

  /** `neededMs`: what reading takes. `undefined` when there is no freeze, which `facts` tells. */
  async begin(neededMs: number): Promise<FreezeHold | undefined> {
    const { limitMs, freezer } = this.#options;
    if (neededMs > limitMs * SHARE_PLANNED) {
      const seconds = (ms: number) => (ms / 1000).toFixed(1);
      this.failed(`reading would take ${seconds(neededMs)} s, and a freeze may take ${seconds(limitMs)} s`);
      return undefined;
    }
    try {
      return await freezer.freeze(limitMs);
    } catch (error) {
      this.failed(describeError(error));
      return undefined;
    }
  }

  succeeded(frozenMs: number): void {
    this.#cuts += 1;
    this.#lastFrozenMs = frozenMs;
    this.#failure = undefined;
    this.#failures = 0;
    this.#putOff(this.#options.intervalMs);
  }

  failed(why: string): void {
    this.#failure = why;
    this.#failures = Math.min(FAILURES_COUNTED_MAX, this.#failures + 1);
    const firstMs = Math.max(this.#options.intervalMs, AFTER_FAILURE_MS_MIN);
    this.#putOff(firstMs * 2 ** (this.#failures - 1));
  }

  #putOff(durationMs: number): void {
    this.#nextNs = this.#clock.monotonicNs() + BigInt(Math.round(durationMs * 1e6));
  }
}
