/**
 * Bytes a second, smoothed over about SMOOTHING_MS of work; only what was measured, so nothing before the
 * first second.
 */
const SMOOTHING_MS = 10_000;
const MEASURED_MS_MIN = 1000;

export class RateMeter {
  #bytesPerSecond: number | undefined;
  #bytes = 0;
  #sinceMs: number | undefined;

  /** `nowMs` of a monotonic clock. */
  add(bytes: number, nowMs: number): void {
    this.#sinceMs ??= nowMs;
    this.#bytes += bytes;
    const elapsedMs = nowMs - this.#sinceMs;
    if (elapsedMs < MEASURED_MS_MIN) return;
    const rate = (this.#bytes * 1000) / elapsedMs;
    const weight = Math.min(1, elapsedMs / SMOOTHING_MS);
    this.#bytesPerSecond =
      this.#bytesPerSecond === undefined
        ? rate
        : this.#bytesPerSecond + weight * (rate - this.#bytesPerSecond);
    this.#bytes = 0;
    this.#sinceMs = nowMs;
  }

  /** Work has stopped: the time until it goes on is not counted. */
  rest(): void {
    this.#bytes = 0;
    this.#sinceMs = undefined;
  }

  get bytesPerSecond(): number | undefined {
    return this.#bytesPerSecond;
  }
}
