/**
 * When the next cut is due: an interval after the last one, and later while nothing happens, because looking
 * for changes ten times a second is most of what replicating an idle server costs. The first event that is
 * seen makes the next cut due at once.
 */
import type { Clock } from '@landfall/runtime';

/** What a server that idles may lag behind. */
export const IDLE_CUT_INTERVAL_MS = 500;

export class CutPace {
  readonly #clock: Clock;
  readonly #intervalNs: number;
  readonly #idleIntervalNs: number;
  readonly #originNs: bigint;
  #earliestNs = -Infinity;
  #dueNs = -Infinity;
  #wake: (() => void) | undefined;

  constructor(clock: Clock, options: { readonly intervalMs: number; readonly idleIntervalMs: number }) {
    this.#clock = clock;
    this.#intervalNs = options.intervalMs * 1e6;
    this.#idleIntervalNs = Math.max(options.intervalMs, options.idleIntervalMs) * 1e6;
    this.#originNs = clock.monotonicNs();
  }

  /** A cut was made. `isQuiet`: it holds nothing. */
  made(isQuiet: boolean): void {
    const nowNs = this.#nowNs();
    this.#earliestNs = nowNs + this.#intervalNs;
    this.#dueNs = nowNs + (isQuiet ? this.#idleIntervalNs : this.#intervalNs);
  }

  /** Something happens: the next cut is due as soon as the interval allows. */
  hurry(): void {
    if (this.#dueNs <= this.#earliestNs) return;
    this.#dueNs = this.#earliestNs;
    this.#wake?.();
  }

  /** Resolves when the next cut is due, or after `waitMs`. Rejects when `signal` aborts. */
  async untilDue(waitMs: number, signal: AbortSignal): Promise<void> {
    const deadlineNs = this.#nowNs() + waitMs * 1e6;
    for (;;) {
      const sleepMs = (Math.min(this.#dueNs, deadlineNs) - this.#nowNs()) / 1e6;
      if (sleepMs <= 0) return;
      await this.#sleepUnlessHurried(sleepMs, signal);
    }
  }

  async #sleepUnlessHurried(durationMs: number, signal: AbortSignal): Promise<void> {
    const hurried = new AbortController();
    this.#wake = () => hurried.abort();
    try {
      await this.#clock.sleep(durationMs, AbortSignal.any([signal, hurried.signal]));
    } catch (error) {
      if (signal.aborted || !hurried.signal.aborted) throw error;
    } finally {
      this.#wake = undefined;
    }
  }

  #nowNs(): number {
    return Number(this.#clock.monotonicNs() - this.#originNs);
  }
}
