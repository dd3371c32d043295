/**
 * When a journal or a volume is full, from what was measured (pure). It never says more than that:
 *
 * F1 Fewer than SAMPLES_MIN samples, or less than MEASURED_MS_MIN of them, say nothing.
 * F2 A measurement speaks of no more than HORIZON_FACTOR times its own length.
 * F3 Growth is told as a range: the slowest and the fastest part of the measurement, and the whole of it.
 * F4 A bound that is exceeded already is none.
 */
import type { SpaceForecast } from '@landfall/model';
import { formatBytes } from '@landfall/runtime';

const SAMPLES_MIN = 10;
export const MEASURED_MS_MIN = 10 * 60_000;
const HORIZON_FACTOR = 20;
const PARTS = 4;
/** The slope over the whole is that of so many means of neighbouring samples. */
const MEANS = 32;
const DAY_MS = 86_400_000;

export interface SpaceSample {
  readonly atMs: number;
  readonly bytes: number;
}

export interface ForecastInput {
  /** In the order of their times. */
  readonly samples: readonly SpaceSample[];
  /** How much more fits. */
  readonly roomBytes: number;
  /** Until what: "the limit is reached", "the volume is full". */
  readonly until: string;
  readonly bound?: SpaceBound;
}

/** What it needs in the end at this churn, and from how much history that is known. */
export interface SpaceBound {
  readonly bytes: number;
  readonly historyMs: number;
  /** What it takes now. */
  readonly usedBytes: number;
}

/** Bytes a millisecond. */
interface Growth {
  readonly slowest: number;
  readonly likely: number;
  readonly fastest: number;
}

export function forecastSpace(input: ForecastInput): SpaceForecast {
  const { samples, roomBytes } = input;
  const bound =
    input.bound !== undefined && input.bound.bytes >= input.bound.usedBytes ? input.bound : undefined;
  const measuredMs = Math.max(0, (samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0));
  const neededMs = MEASURED_MS_MIN - measuredMs;
  const isEnough = samples.length >= SAMPLES_MIN && neededMs <= 0;
  const growth = isEnough ? growthOf(samples) : undefined;
  const facts = {
    ...{ measuredMs, roomBytes, neededMs: null, earliestMs: null, likelyMs: null, latestMs: null },
    growthBytesPerDay: growth === undefined ? null : Math.round(growth.likely * DAY_MS),
    boundBytes: bound?.bytes ?? null,
  };
  if (roomBytes > 0 && bound !== undefined && bound.bytes - bound.usedBytes <= roomBytes) {
    return { ...facts, verdict: 'STAYS_BELOW', explanation: boundText(bound) };
  }
  if (growth === undefined) return { ...facts, ...notKnown(Math.max(1, neededMs), measuredMs) };
  return { ...facts, ...whenFull(growth, input, measuredMs) };
}

type Verdict = Pick<SpaceForecast, 'verdict' | 'explanation'> & Partial<SpaceForecast>;

function notKnown(neededMs: number, measuredMs: number): Verdict {
  const explanation = `not known yet: measured for ${spanText(measuredMs)}, ${spanText(neededMs)} more are needed`;
  return { verdict: 'NOT_KNOWN', neededMs, explanation };
}

function whenFull(growth: Growth, { roomBytes, until }: ForecastInput, measuredMs: number): Verdict {
  const last = `the last ${spanText(measuredMs)}`;
  if (roomBytes <= 0)
    return { verdict: 'FILLS', earliestMs: 0, likelyMs: 0, latestMs: 0, explanation: `${until} now` };
  if (growth.likely <= 0) return { verdict: 'NOT_GROWING', explanation: `did not grow in ${last}` };
  const earliestMs = Math.floor(roomBytes / growth.fastest);
  const horizonMs = HORIZON_FACTOR * measuredMs;
  if (earliestMs > horizonMs) {
    const explanation = `not before ${spanText(horizonMs)} at the churn of ${last}, which says no more`;
    return { verdict: 'NOT_SOON', earliestMs: horizonMs, explanation };
  }
  const likelyMs = Math.round(roomBytes / growth.likely);
  const latestMs = growth.slowest > 0 ? Math.ceil(roomBytes / growth.slowest) : null;
  const range = `${spanText(earliestMs)} to ${latestMs === null ? 'never' : spanText(latestMs)}`;
  const explanation = `${until} in ${spanText(likelyMs)} (${range}) at the churn of ${last}`;
  return { verdict: 'FILLS', earliestMs, likelyMs, latestMs, explanation };
}

function boundText({ bytes, historyMs }: SpaceBound): string {
  return `stays below ${formatBytes(bytes)} at the churn of the last ${spanText(historyMs)}`;
}

function growthOf(samples: readonly SpaceSample[]): Growth {
  const startMs = samples[0]?.atMs ?? 0;
  const partMs = ((samples.at(-1)?.atMs ?? 0) - startMs) / PARTS;
  const parts = Array.from({ length: PARTS }, (_, part) => {
    const fromMs = startMs + part * partMs;
    return samples.filter(({ atMs }) => atMs >= fromMs && atMs <= fromMs + partMs);
  });
  const likely = medianSlope(meansOf(samples));
  const slopes = [likely, ...parts.flatMap((part) => (part.length < 2 ? [] : [endToEnd(part)]))];
  return { slowest: Math.min(...slopes), likely, fastest: Math.max(...slopes) };
}

/** From the mean of its first third to that of its last. */
function endToEnd(samples: readonly SpaceSample[]): number {
  const third = Math.max(1, Math.floor(samples.length / 3));
  return slopeBetween(meanOf(samples.slice(0, third)), meanOf(samples.slice(-third)));
}

function meansOf(samples: readonly SpaceSample[]): SpaceSample[] {
  const count = Math.min(MEANS, samples.length);
  const cut = (index: number) => Math.floor((index * samples.length) / count);
  return Array.from({ length: count }, (_, index) => meanOf(samples.slice(cut(index), cut(index + 1))));
}

function meanOf(samples: readonly SpaceSample[]): SpaceSample {
  const mean = (of: (sample: SpaceSample) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  return { atMs: mean(({ atMs }) => atMs), bytes: mean(({ bytes }) => bytes) };
}

/** Of all pairs (Theil and Sen): a segment that comes or goes at once moves it little. */
function medianSlope(means: readonly SpaceSample[]): number {
  const slopes = means.flatMap((from, index) => means.slice(index + 1).map((to) => slopeBetween(from, to)));
  slopes.sort((left, right) => left - right);
  const middle = Math.floor(slopes.length / 2);
  return slopes.length % 2 === 1
    ? (slopes[middle] ?? 0)
    : ((slopes[middle - 1] ?? 0) + (slopes[middle] ?? 0)) / 2;
}

function slopeBetween(from: SpaceSample, to: SpaceSample): number {
  return to.atMs === from.atMs ? 0 : (to.bytes - from.bytes) / (to.atMs - from.atMs);
}

const UNITS = [
  ['day', DAY_MS],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** One unit is exact enough for what is measured: "3 days", "90 minutes". */
export function spanText(ms: number): string {
  const [name, unitMs] = UNITS.find(([, unit]) => ms >= 2 * unit) ?? (['minute', 60_000] as const);
  const count = ms > 0 && ms < unitMs ? 'less than 1' : Math.round(ms / unitMs);
  return `${count} ${name}${count === 1 || typeof count === 'string' ? '' : 's'}`;
}
