/**
 * Cut → acknowledged, of the epochs acknowledged in the last LAG_WINDOW_MS; a ring of at most SAMPLES_MAX.
 */
export const LAG_WINDOW_MS = 600_000;
export const SAMPLES_MAX = 8192;

export class LagWindow {
  readonly #lagsMs = new Float64Array(SAMPLES_MAX);
  readonly #timesMs = new Float64Array(SAMPLES_MAX);
  #count = 0;

  add(lagMs: number, nowMs: number): void {
    const at = this.#count % SAMPLES_MAX;
    this.#lagsMs[at] = lagMs;
    this.#timesMs[at] = nowMs;
    this.#count += 1;
  }

  /** Nearest-rank percentiles; null without samples. `nowMs` is of the same clock as `add`. */
  percentiles(nowMs: number): { readonly p50Ms: number | null; readonly p99Ms: number | null } {
    const stored = Math.min(this.#count, SAMPLES_MAX);
    const recent = this.#lagsMs
      .subarray(0, stored)
      .filter((_lag, index) => nowMs - (this.#timesMs[index] ?? 0) <= LAG_WINDOW_MS)
      .sort();
    const rank = (share: number) => recent[Math.max(0, Math.ceil(recent.length * share) - 1)] ?? null;
    return { p50Ms: rank(0.5), p99Ms: rank(0.99) };
  }
}
