/**
 * Time for windows that must neither run backwards nor stand still: where a clock is set back it goes on from
 * where it was, and it is right again when the clock is set ahead again, or the program starts anew.
 */

/** Of a clock that is asked several times a minute; what is more may be a clock that was set. */
const STEP_MS_MAX = 60_000;

export class ForwardTime {
  #clockMs = Number.NEGATIVE_INFINITY;
  #atMs = Number.NEGATIVE_INFINITY;

  /** `clockMs`: what the clock says now. */
  at(clockMs: number): number {
    const passedMs = Math.min(STEP_MS_MAX, Math.max(0, clockMs - this.#clockMs));
    this.#clockMs = clockMs;
    this.#atMs = Math.max(clockMs, this.#atMs + passedMs);
    return this.#atMs;
  }
}
