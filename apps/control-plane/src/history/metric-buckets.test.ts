import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  addToBuckets,
  bucketOf,
  METRICS,
  type MetricBucket,
  type MetricSample,
  mergeBuckets,
} from './metric-bucket.ts';
import { decodeSegment, encodeSegment } from './metric-segment.ts';
import {
  chooseResolution,
  FINEST_BUCKET_MS,
  keptSinceMs,
  METRIC_TIERS,
  pointsOf,
  segmentsOf,
  startOf,
} from './metric-tiers.ts';

const value = fc.nat({ max: 2 ** 40 });
const sample: fc.Arbitrary<MetricSample> = fc.record(
  { lagMs: value, throughputBytesPerSecond: value, backlogBytes: value, churnBytesPerSecond: value },
  { requiredKeys: [] },
);
const NOW_MS = 1_790_000_000_000;
const series = fc.array(fc.tuple(fc.integer({ min: NOW_MS - 40 * 86_400_000, max: NOW_MS }), sample), {
  minLength: 1,
  maxLength: 80,
});

/** As a report that is counted at once, without buckets between. */
function statisticsOf(samples: readonly MetricSample[]): MetricBucket {
  const entries = METRICS.flatMap((metric) => {
    const values = samples.flatMap((one) => one[metric] ?? []);
    if (values.length === 0) return [];
    const sum = values.reduce((total, one) => total + one, 0);
    return [[metric, { count: values.length, sum, min: Math.min(...values), max: Math.max(...values) }]];
  });
  return Object.fromEntries(entries);
}

function finest(samples: readonly (readonly [number, MetricSample])[]): Map<number, MetricBucket> {
  const buckets = new Map<number, MetricBucket>();
  for (const [atMs, one] of samples) addToBuckets(buckets, startOf(atMs, FINEST_BUCKET_MS), bucketOf(one));
  return buckets;
}

test('H2: each bucket of each tier has the count, sum, smallest and largest of its raw samples', () => {
  fc.assert(
    fc.property(series, (samples) => {
      for (const tier of METRIC_TIERS) {
        const buckets = [...segmentsOf(finest(samples), tier).values()].flatMap((one) => [...one]);
        const starts = new Set(samples.map(([atMs]) => startOf(atMs, tier.bucketMs)));
        assert.deepEqual(new Set(buckets.map(([startMs]) => startMs)), starts);
        assert.equal(buckets.length, starts.size);
        for (const [startMs, bucket] of buckets) {
          const raw = samples.filter(([atMs]) => startOf(atMs, tier.bucketMs) === startMs);
          assert.deepEqual(bucket, statisticsOf(raw.map(([, one]) => one)));
        }
      }
    }),
  );
});

test('buckets merge in any order and grouping', () => {
  fc.assert(
    fc.property(sample, sample, sample, (one, other, third) => {
      const [a, b, c] = [bucketOf(one), bucketOf(other), bucketOf(third)];
      assert.deepEqual(mergeBuckets(mergeBuckets(a, b), c), mergeBuckets(a, mergeBuckets(b, c)));
      assert.deepEqual(mergeBuckets(a, b), mergeBuckets(b, a));
      assert.deepEqual(mergeBuckets(a, {}), a);
    }),
  );
});

test('a segment comes back from its text as it was', () => {
  fc.assert(
    fc.property(series, (samples) => {
      for (const tier of METRIC_TIERS) {
        for (const [startMs, buckets] of segmentsOf(finest(samples), tier)) {
          const place = { startMs, bucketMs: tier.bucketMs };
          assert.deepEqual(decodeSegment(encodeSegment(buckets, place), place), buckets);
        }
      }
    }),
  );
});

test('points are at most so many, in order, and no sample of the range is in two or in none', () => {
  const range = fc.record({
    fromMs: fc.integer({ min: NOW_MS - 40 * 86_400_000, max: NOW_MS - 1 }),
    lengthMs: fc.integer({ min: 1, max: 40 * 86_400_000 }),
    pointsMax: fc.integer({ min: 1, max: 1440 }),
  });
  fc.assert(
    fc.property(series, range, (samples, { fromMs, lengthMs, pointsMax }) => {
      const toMs = fromMs + lengthMs;
      const { tier, ...resolution } = chooseResolution({ fromMs, toMs, pointsMax }, NOW_MS);
      assert.ok(resolution.fromMs < toMs && Math.abs(fromMs - resolution.fromMs) < tier.bucketMs);
      const buckets = new Map([...segmentsOf(finest(samples), tier).values()].flatMap((one) => [...one]));
      const points = pointsOf(buckets, resolution, toMs);
      const starts = [...points.keys()];
      assert.ok(starts.length <= pointsMax, `${starts.length} of ${pointsMax}`);
      assert.deepEqual(
        starts,
        starts.toSorted((one, other) => one - other),
      );
      for (const startMs of starts) assert.equal((startMs - resolution.fromMs) % resolution.pointMs, 0);
      const inRange = samples.filter(
        ([atMs]) => atMs >= resolution.fromMs && startOf(atMs, tier.bucketMs) < toMs,
      );
      const all = [...points.values()].reduce<MetricBucket>(mergeBuckets, {});
      assert.deepEqual(all, statisticsOf(inRange.map(([, one]) => one)));
    }),
  );
});

test('what is asked for is still kept, and as fine as it is', () => {
  for (const [index, tier] of METRIC_TIERS.entries()) {
    const fromMs = NOW_MS - tier.keptMs;
    const chosen = chooseResolution({ fromMs, toMs: NOW_MS, pointsMax: 1e6 }, NOW_MS);
    assert.equal(chosen.pointMs, tier.bucketMs);
    assert.ok(keptSinceMs(tier, NOW_MS) <= startOf(chosen.fromMs, tier.segmentMs));
    // A little later by the clock of who asks, the same.
    const late = chooseResolution({ fromMs, toMs: NOW_MS, pointsMax: 1e6 }, NOW_MS + 1000);
    assert.equal(late.pointMs, tier.bucketMs);
    const before = METRIC_TIERS[index - 1];
    if (before !== undefined) assert.equal(tier.bucketMs % before.bucketMs, 0);
    assert.equal(tier.segmentMs % tier.bucketMs, 0);
  }
});
