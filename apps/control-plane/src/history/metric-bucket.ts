/**
 * What was measured of a server in a length of time, pure: of each metric how many samples there were, their
 * sum, the smallest and the largest. Buckets merge without loss, in any order, so one of a minute is what its
 * six of ten seconds make together.
 */
export const METRICS = ['lagMs', 'throughputBytesPerSecond', 'backlogBytes', 'churnBytesPerSecond'] as const;
export type Metric = (typeof METRICS)[number];

/** What is not known is absent. Whole numbers, so that sums are exact. */
export type MetricSample = Readonly<Partial<Record<Metric, number>>>;

export interface Aggregate {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

export type MetricBucket = Readonly<Partial<Record<Metric, Aggregate>>>;

/** By the beginning of each, in milliseconds since the epoch. */
export type MetricBuckets = ReadonlyMap<number, MetricBucket>;

export function bucketOf(sample: MetricSample): MetricBucket {
  const bucket: Partial<Record<Metric, Aggregate>> = {};
  for (const metric of METRICS) {
    const value = sample[metric];
    if (value !== undefined) bucket[metric] = { count: 1, sum: value, min: value, max: value };
  }
  return bucket;
}

export function mergeBuckets(one: MetricBucket, other: MetricBucket): MetricBucket {
  const merged: Partial<Record<Metric, Aggregate>> = { ...one };
  for (const metric of METRICS) {
    const next = other[metric];
    if (next !== undefined) merged[metric] = mergeAggregates(merged[metric], next);
  }
  return merged;
}

function mergeAggregates(one: Aggregate | undefined, other: Aggregate): Aggregate {
  if (one === undefined) return other;
  return {
    count: one.count + other.count,
    sum: one.sum + other.sum,
    min: Math.min(one.min, other.min),
    max: Math.max(one.max, other.max),
  };
}

export function addToBuckets(
  buckets: Map<number, MetricBucket>,
  startMs: number,
  bucket: MetricBucket,
): void {
  const before = buckets.get(startMs);
  buckets.set(startMs, before === undefined ? bucket : mergeBuckets(before, bucket));
}
