/**
 * What is usual for a server: the largest sum of each day, by scale. A jump must be larger than the usual
 * peak (median of the days) by several times its usual spread (median absolute deviation), so a job that runs
 * every night becomes usual after a few nights, and one odd day changes little. Days with an incident do not
 * count, unless somebody said that it was expected.
 */
export interface DayPeaks {
  /** Days since 1970, UTC. */
  readonly day: number;
  /** By scale. */
  readonly bytes: readonly number[];
  readonly isDoubtful: boolean;
}

const DAY_MS = 86_400_000;
const DAYS_MAX = 14;
/** Fewer days say nothing. */
const DAYS_MIN = 3;
/** From the median absolute deviation to the standard deviation of a normal distribution. */
const MAD_TO_DEVIATION = 1.4826;
const DEVIATIONS = 6;
/** What is usual may grow by this much in any case. */
const MARGIN = 1.5;

export class LearnedPeaks {
  #days: readonly DayPeaks[];

  constructor(days: readonly DayPeaks[] = []) {
    this.#days = days;
  }

  get days(): readonly DayPeaks[] {
    return this.#days;
  }

  /** Sums as they are now. */
  note(atMs: number, sums: readonly number[]): void {
    const day = Math.floor(atMs / DAY_MS);
    const today = this.#days.find((known) => known.day === day) ?? { day, bytes: [], isDoubtful: false };
    const bytes = sums.map((sum, scale) => Math.max(sum, today.bytes[scale] ?? 0));
    const others = this.#days.filter((known) => known.day !== day);
    this.#days = [...others, { ...today, bytes }].slice(-DAYS_MAX - 1);
  }

  /** The day of an incident is not one to learn from, or is one again. */
  doubt(atMs: number, isDoubtful: boolean): void {
    const day = Math.floor(atMs / DAY_MS);
    this.#days = this.#days.map((known) => (known.day === day ? { ...known, isDoubtful } : known));
  }

  /** What a sum of that scale must exceed, by what was learned before today; 0 while nothing was. */
  usual(atMs: number, scale: number): number {
    const today = Math.floor(atMs / DAY_MS);
    const days = this.#days.filter(({ day, isDoubtful }) => day < today && !isDoubtful);
    if (days.length < DAYS_MIN) return 0;
    const peaks = days.map(({ bytes }) => bytes[scale] ?? 0);
    const middle = median(peaks);
    const spread = median(peaks.map((peak) => Math.abs(peak - middle)));
    return Math.max(middle * MARGIN, middle + DEVIATIONS * MAD_TO_DEVIATION * spread);
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? upper)) / 2;
}
