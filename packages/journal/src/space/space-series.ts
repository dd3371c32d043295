/** How large something was, lately: at most one sample in SAMPLE_EVERY_MS, and none older than KEPT_MS. */
import type { SpaceSample } from './space-forecast.ts';

export const SAMPLE_EVERY_MS = 60_000;
const KEPT_MS = 24 * 3_600_000;

export class SpaceSeries {
  #samples: SpaceSample[] = [];

  get samples(): readonly SpaceSample[] {
    return this.#samples;
  }

  isDue(nowMs: number): boolean {
    const last = this.#samples.at(-1);
    return last === undefined || Math.abs(nowMs - last.atMs) >= SAMPLE_EVERY_MS;
  }

  /** A clock that was set back, or a day of silence, begins the measurement anew. */
  add(sample: SpaceSample): void {
    const last = this.#samples.at(-1);
    const fits = last === undefined || (sample.atMs > last.atMs && sample.atMs - last.atMs < KEPT_MS);
    const before = fits ? this.#samples.filter(({ atMs }) => sample.atMs - atMs <= KEPT_MS) : [];
    this.#samples = [...before, sample];
  }
}
