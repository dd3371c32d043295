/**
 * Keeps what bulk reading adds to the latency of the workload's writes within a budget. Pure: told
 * latencies and the time, it says how many reads may be under way and when to be quiet.
 *
 *     level ≥ 1: that many reads at once
 *     level < 1: one read, then a pause, so that this share of time is spent reading
 *
 * I1 latency with reads is compared with latency without: where quiet times do not come by themselves, a
 *    pause of QUIET_MS is made every QUIET_EVERY_MS, and only while the workload writes.
 * I2 over the budget the level falls by a factor, under it rises by a step (AIMD); never below LEVEL_MIN.
 * I3 without writes to measure there is nothing to harm: the level rises.
 * I4 compared are the means of the fastest 99 of 100 writes: sensitive to queues, steady with few samples.
 * I5 what may be chance changes nothing: reading is slowed down for an excess of SURE_ERRORS standard
 *    errors; otherwise more writes are waited for, up to READING_LATENCIES_MAX.
 */
export const IMPACT_BUDGET_PERCENT_DEFAULT = 10;
/** A twentieth of the time, one read at a time, is always ours. */
export const LEVEL_MIN = 0.05;

export const EVALUATE_MS = 500;
export const QUIET_MS = 100;
export const QUIET_EVERY_MS = 4000;
/** Fewer writes say nothing. */
const WRITES_MIN = 20;
const QUIET_LATENCIES_MAX = 4096;
const READING_LATENCIES_MAX = 4096;
const SURE_ERRORS = 2;
const DECREASE = 0.6;
const INCREASE_AT_ONCE = 0.5;
const INCREASE_OF_TIME = 0.05;
/** Between this share of the budget and the budget itself the level stays. */
const CONTENT = 0.7;
const COUNTED_SHARE = 0.99;

export interface ImpactStatus {
  /** Latency with reads over latency without, less one; `undefined`: not known now. */
  readonly increasePercent: number | undefined;
  readonly level: number;
}

export class ImpactBudget {
  readonly #levelMax: number;
  #budgetPercent: number;
  #level: number;
  #increasePercent: number | undefined;
  readonly #quietNs: number[] = [];
  #readingNs: number[] = [];
  #evaluateAtMs = 0;
  #quietUntilMs = 0;
  #quietKnownMs = Number.NEGATIVE_INFINITY;
  #writesSinceEvaluation = 0;
  #quietSeen = 0;

  /** `levelMax`: reads that may be under way at once. */
  constructor(levelMax: number, budgetPercent: number) {
    this.#levelMax = levelMax;
    this.#level = levelMax;
    this.#budgetPercent = budgetPercent;
  }

  /** 0: off. */
  set budgetPercent(percent: number) {
    this.#budgetPercent = percent;
    if (percent === 0) this.#level = this.#levelMax;
  }

  get isOn(): boolean {
    return this.#budgetPercent > 0;
  }

  get status(): ImpactStatus {
    return { increasePercent: this.#increasePercent, level: this.#level };
  }

  observe(latencyNs: number, whileReading: boolean): void {
    if (whileReading) {
      if (this.#readingNs.length < READING_LATENCIES_MAX) this.#readingNs.push(latencyNs);
      this.#writesSinceEvaluation += 1;
      return;
    }
    this.#quietSeen += 1;
    this.#quietNs.push(latencyNs);
    if (this.#quietNs.length > QUIET_LATENCIES_MAX) this.#quietNs.shift();
  }

  /** Whether no bulk read may begin now. */
  isQuiet(nowMs: number): boolean {
    if (!this.isOn) return false;
    this.#evaluate(nowMs);
    return nowMs < this.#quietUntilMs;
  }

  get readsAtOnce(): number {
    return Math.max(1, Math.floor(this.#level));
  }

  /** How long to pause after a read that took `durationMs`. */
  pauseMs(durationMs: number): number {
    return this.#level >= 1 ? 0 : durationMs * (1 / this.#level - 1);
  }

  #evaluate(nowMs: number): void {
    if (nowMs < this.#evaluateAtMs) return;
    this.#evaluateAtMs = nowMs + EVALUATE_MS;
    if (this.#writesSinceEvaluation === 0) this.#rise();
    else this.#seekQuiet(nowMs);
    this.#writesSinceEvaluation = 0;
    this.#compare();
  }

  /** I1. */
  #seekQuiet(nowMs: number): void {
    if (this.#quietSeen >= WRITES_MIN) this.#quietKnownMs = nowMs;
    this.#quietSeen = 0;
    if (nowMs - this.#quietKnownMs < QUIET_EVERY_MS) return;
    this.#quietKnownMs = nowMs;
    this.#quietUntilMs = nowMs + QUIET_MS;
  }

  /** I2. */
  #compare(): void {
    if (this.#readingNs.length < WRITES_MIN || this.#quietNs.length < WRITES_MIN) return;
    const reading = estimateOf(this.#readingNs);
    const quiet = estimateOf(this.#quietNs);
    const ratio = reading.mean / quiet.mean;
    const percent = (ratio - 1) * 100;
    const errorPercent = ratio * Math.hypot(reading.error, quiet.error) * 100;
    const isFull = this.#readingNs.length >= READING_LATENCIES_MAX;
    const isOver = percent - SURE_ERRORS * errorPercent > this.#budgetPercent;
    const isUnder = percent + (isFull ? 0 : errorPercent) < this.#budgetPercent * CONTENT;
    if (!isOver && !isUnder && !isFull) return;
    this.#readingNs = [];
    this.#increasePercent = percent;
    if (isOver) this.#level = Math.max(LEVEL_MIN, this.#level * DECREASE);
    else if (isUnder) this.#rise();
  }

  #rise(): void {
    const step = this.#level >= 1 ? INCREASE_AT_ONCE : INCREASE_OF_TIME;
    this.#level = Math.min(this.#levelMax, this.#level + step);
  }
}

/** I4; `error`: the standard error of the mean, as a share of it. */
function estimateOf(latenciesNs: readonly number[]): { readonly mean: number; readonly error: number } {
  const sorted = Float64Array.from(latenciesNs).sort();
  const counted = sorted.subarray(0, Math.max(1, Math.floor(sorted.length * COUNTED_SHARE)));
  const mean = counted.reduce((sum, latencyNs) => sum + latencyNs, 0) / counted.length;
  const variance = counted.reduce((sum, latencyNs) => sum + (latencyNs - mean) ** 2, 0) / counted.length;
  return { mean, error: Math.sqrt(variance / counted.length) / mean };
}
