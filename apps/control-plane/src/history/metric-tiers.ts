/**
 * How long measurements are kept, and how finely. Pure.
 *
 * H1  What is kept of a server is bounded: 360 buckets of 10 s, 1,440 of a minute, 2,880 of 15 minutes, and
 *     less than two segments more of each. A full bucket takes about 90 bytes, one in which nothing changed
 *     about 30: 140 to 420 KiB a server.
 * H2  Every tier is made from the samples themselves, so mean, smallest and largest are the true ones in
 *     each.
 */
import { assert } from '@landfall/runtime';
import { addToBuckets, type MetricBucket, type MetricBuckets } from './metric-bucket.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export interface MetricTier {
  readonly bucketMs: number;
  readonly keptMs: number;
  /** Of buckets that are one row: what is written anew with each batch. */
  readonly segmentMs: number;
}

/** From the finest to the coarsest; each bucket is some whole ones of the tier before. */
export const METRIC_TIERS = [
  { bucketMs: 10 * SECOND_MS, keptMs: HOUR_MS, segmentMs: 5 * MINUTE_MS },
  { bucketMs: MINUTE_MS, keptMs: DAY_MS, segmentMs: 30 * MINUTE_MS },
  { bucketMs: 15 * MINUTE_MS, keptMs: 30 * DAY_MS, segmentMs: 6 * HOUR_MS },
] as const satisfies readonly MetricTier[];

export const FINEST_BUCKET_MS = METRIC_TIERS[0].bucketMs;

export function startOf(atMs: number, lengthMs: number): number {
  return Math.floor(atMs / lengthMs) * lengthMs;
}

/** The same measurements in the buckets of `bucketMs`, by the segment that each is in. */
export function segmentsOf(
  buckets: MetricBuckets,
  { bucketMs, segmentMs }: MetricTier,
): ReadonlyMap<number, MetricBuckets> {
  const segments = new Map<number, Map<number, MetricBucket>>();
  for (const [startMs, bucket] of buckets) {
    const segmentStartMs = startOf(startMs, segmentMs);
    const segment = segments.get(segmentStartMs) ?? new Map<number, MetricBucket>();
    segments.set(segmentStartMs, segment);
    addToBuckets(segment, startOf(startMs, bucketMs), bucket);
  }
  return segments;
}

/**
 * Segments that begin before are forgotten. A segment more than is promised stays: who asks for the last hour
 * has a clock of his own, and the question takes its time.
 */
export function keptSinceMs({ keptMs, segmentMs }: MetricTier, nowMs: number): number {
  return startOf(nowMs - keptMs - segmentMs, segmentMs);
}

export interface MetricRange {
  readonly fromMs: number;
  /** Not in it any more. */
  readonly toMs: number;
  readonly pointsMax: number;
}

export interface MetricResolution {
  readonly tier: MetricTier;
  /** The beginning of the first point. */
  readonly fromMs: number;
  /** The length of a point. */
  readonly pointMs: number;
}

/** As fine as the beginning is still kept, and as `pointsMax` allows. */
export function chooseResolution({ fromMs, toMs, pointsMax }: MetricRange, nowMs: number): MetricResolution {
  assert(toMs > fromMs && pointsMax > 0, 'H1: a range has a length, and a point at least');
  const ageMs = nowMs - fromMs;
  const tier = METRIC_TIERS.find(({ keptMs, segmentMs }) => ageMs <= keptMs + segmentMs) ?? METRIC_TIERS[2];
  // The first that begins in the range, so that an hour is 360 of ten seconds wherever it begins; but one at
  // least.
  const firstMs = -startOf(-fromMs, tier.bucketMs);
  const begunMs = firstMs < toMs ? firstMs : startOf(fromMs, tier.bucketMs);
  const buckets = Math.ceil((toMs - begunMs) / tier.bucketMs);
  return { tier, fromMs: begunMs, pointMs: Math.ceil(buckets / pointsMax) * tier.bucketMs };
}

/** Points in the order of time; one in which nothing was measured is left out. */
export function pointsOf(
  buckets: MetricBuckets,
  { fromMs, pointMs }: Omit<MetricResolution, 'tier'>,
  toMs: number,
): MetricBuckets {
  const points = new Map<number, MetricBucket>();
  for (const startMs of [...buckets.keys()].sort((one, other) => one - other)) {
    const bucket = buckets.get(startMs);
    if (bucket === undefined || startMs < fromMs || startMs >= toMs) continue;
    addToBuckets(points, fromMs + startOf(startMs - fromMs, pointMs), bucket);
  }
  return points;
}
