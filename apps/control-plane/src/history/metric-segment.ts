/**
 * The buckets of a segment as text: `[index, lag, throughput, backlog, churn]` each, where a metric is null,
 * `[count, value]` when all samples were alike, or `[count, sum, min, max]`. Index: of the bucket in its
 * segment.
 */
import { assert } from '@landfall/runtime';
import { decodeDocument, encodeDocument } from '../store/document.ts';
import {
  type Aggregate,
  METRICS,
  type Metric,
  type MetricBucket,
  type MetricBuckets,
} from './metric-bucket.ts';

type AggregateText =
  | null
  | readonly [count: number, value: number]
  | readonly [count: number, sum: number, min: number, max: number];

type BucketText = readonly [index: number, ...metrics: readonly AggregateText[]];

export interface SegmentPlace {
  readonly startMs: number;
  readonly bucketMs: number;
}

export function encodeSegment(buckets: MetricBuckets, { startMs, bucketMs }: SegmentPlace): string {
  const texts = [...buckets].map(([atMs, bucket]): BucketText => {
    const index = (atMs - startMs) / bucketMs;
    assert(Number.isInteger(index) && index >= 0, 'H1: a bucket lies in its segment');
    return [index, ...METRICS.map((metric) => encodeAggregate(bucket[metric]))];
  });
  return encodeDocument(texts);
}

export function decodeSegment(text: string, { startMs, bucketMs }: SegmentPlace): Map<number, MetricBucket> {
  const buckets = new Map<number, MetricBucket>();
  for (const [index, ...texts] of decodeDocument<readonly BucketText[]>(text)) {
    const bucket: Partial<Record<Metric, Aggregate>> = {};
    for (const [at, metric] of METRICS.entries()) {
      const aggregate = decodeAggregate(texts[at] ?? null);
      if (aggregate !== undefined) bucket[metric] = aggregate;
    }
    buckets.set(startMs + index * bucketMs, bucket);
  }
  return buckets;
}

function encodeAggregate(aggregate: Aggregate | undefined): AggregateText {
  if (aggregate === undefined) return null;
  const { count, sum, min, max } = aggregate;
  return min === max ? [count, min] : [count, sum, min, max];
}

function decodeAggregate(text: AggregateText): Aggregate | undefined {
  if (text === null) return undefined;
  if (text.length === 4) {
    const [count, sum, min, max] = text;
    return { count, sum, min, max };
  }
  const [count, value] = text;
  return { count, sum: count * value, min: value, max: value };
}
