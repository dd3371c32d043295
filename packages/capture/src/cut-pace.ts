/**
 * When the next cut is due: an interval after the last one, and later while nothing happens. A server that
 * idles is cut twice a second instead of ten times, which is most of what replicating it costs; the first
 * event that is seen makes the next cut due at once.
 */
import type { Clock } from '@landfall/runtime';

export const IDLE_CUT_INTERVAL_MS = 500;

export class CutPace {
  readonly #clock: Clock;
  readonly #intervalNs: number;
  readonly #originNs: bigint;
  #earliestNs = -Infinity;
  #dueNs = -Infinity;
  #wake: (() => void) | undefined;

  /** `intervalMs`: the least time from one cut to the next; 0: as fast as it goes, also while idle. */
  constructor(clock: Clock, intervalMs: number) {
    this.#clock = clock;
    this.#intervalNs = intervalMs * 1e6;
    this.#originNs = clock.monotonicNs();
  }

  /** A cut was made. `isQuiet`: it holds nothing. */
  made(isQuiet: boolean): void {
    const nowNs = this.#nowNs();
    this.#earliestNs = nowNs + this.#intervalNs;
    const isPatient = isQuiet && this.#intervalNs > 0;
    this.#dueNs = isPatient
      ? Math.max(this.#earliestNs, nowNs + IDLE_CUT_INTERVAL_MS * 1e6)
      : this.#earliestNs;
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
