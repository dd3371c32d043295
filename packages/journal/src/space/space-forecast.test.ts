import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GIB, MIB } from '@landfall/runtime';
import fc from 'fast-check';
import {
  type ForecastInput,
  forecastSpace,
  MEASURED_MS_MIN,
  type SpaceSample,
  spanText,
} from './space-forecast.ts';
import { SpaceSeries } from './space-series.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const until = 'full';

/** One a minute. */
function line(
  minutes: number,
  bytesPerMinute: number,
  wobble: (minute: number) => number = () => 0,
): SpaceSample[] {
  return Array.from({ length: minutes + 1 }, (_, minute) => ({
    atMs: 1_700_000_000_000 + minute * MINUTE_MS,
    bytes: 10 * GIB + minute * bytesPerMinute + wobble(minute),
  }));
}

test('what grows evenly is full when room divided by growth says, in one line of text', () => {
  const samples = line(6 * 60, GIB / 60);
  const forecast = forecastSpace({ samples, roomBytes: 72 * GIB, until });
  assert.equal(forecast.verdict, 'FILLS');
  assert.ok(Math.abs((forecast.likelyMs ?? 0) - 3 * DAY_MS) < MINUTE_MS);
  assert.match(
    forecast.explanation,
    /^full in 3 days \(3 days to 3 days\) at the churn of the last 6 hours$/,
  );
  assert.ok(Math.abs((forecast.growthBytesPerDay ?? 0) - 24 * GIB) < MIB);
});

test('F3: the truth lies in the range, whatever comes and goes on the way', () => {
  const wobbly = fc.record({
    minutes: fc.integer({ min: 40, max: 600 }),
    bytesPerMinute: fc.integer({ min: MIB, max: 100 * MIB }),
    heights: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 7, maxLength: 7 }),
    roomBytes: fc.integer({ min: GIB, max: 20 * GIB }),
  });
  fc.assert(
    fc.property(wobbly, ({ minutes, bytesPerMinute, heights, roomBytes }) => {
      const wobble = (minute: number) => (heights[minute % 7] ?? 0) * 3 * bytesPerMinute;
      const samples = line(minutes, bytesPerMinute, wobble);
      const { verdict, earliestMs, likelyMs, latestMs } = forecastSpace({ samples, roomBytes, until });
      const trueMs = (roomBytes / bytesPerMinute) * MINUTE_MS;
      if (verdict === 'NOT_SOON') return assert.ok(trueMs * 1.5 >= (earliestMs ?? 0), 'F2: it is not soon');
      assert.equal(verdict, 'FILLS');
      assert.ok(earliestMs !== null && likelyMs !== null && earliestMs <= likelyMs);
      assert.ok(latestMs === null || latestMs >= likelyMs);
      assert.ok(likelyMs > trueMs * 0.7 && likelyMs < trueMs * 1.4, `${likelyMs} for ${trueMs}`);
    }),
  );
});

test('F1: too little says nothing, and how much more is needed', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9 }), fc.integer({ min: -MIB, max: GIB }), (minutes, growth) => {
      const { verdict, neededMs, growthBytesPerDay, explanation } = forecastSpace({
        ...{ samples: line(minutes, growth), roomBytes: GIB, until },
      });
      assert.equal(verdict, 'NOT_KNOWN');
      assert.equal(growthBytesPerDay, null);
      assert.equal(neededMs, MEASURED_MS_MIN - minutes * MINUTE_MS);
      assert.match(explanation, /not known yet/);
    }),
  );
  assert.equal(forecastSpace({ samples: [], roomBytes: GIB, until }).verdict, 'NOT_KNOWN');
});

test('F2: half an hour of slow growth says nothing of next year', () => {
  const forecast = forecastSpace({ samples: line(30, MIB), roomBytes: 100 * GIB, until });
  assert.equal(forecast.verdict, 'NOT_SOON');
  assert.equal(forecast.earliestMs, 20 * 30 * MINUTE_MS);
});

test('more room is later, more growth is sooner, and no growth is never', () => {
  const isOrdered = (first: ForecastInput, second: ForecastInput) => {
    const [sooner, later] = [forecastSpace(first), forecastSpace(second)];
    if (sooner.verdict !== 'FILLS' || later.verdict !== 'FILLS') return;
    assert.ok((sooner.likelyMs ?? 0) <= (later.likelyMs ?? 0));
  };
  const numbers = fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 }));
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 20 }), ([growth, more], room) => {
      const samples = line(60, growth * MIB);
      const input = { roomBytes: room * GIB, until };
      isOrdered({ samples, ...input }, { samples, ...input, roomBytes: (room + more) * GIB });
      isOrdered({ samples: line(60, (growth + more) * MIB), ...input }, { samples, ...input });
    }),
  );
  assert.equal(forecastSpace({ samples: line(60, -MIB), roomBytes: GIB, until }).verdict, 'NOT_GROWING');
  assert.equal(forecastSpace({ samples: line(60, 0), roomBytes: GIB, until }).verdict, 'NOT_GROWING');
});

test('what has room for all it will ever need is never told to be full', () => {
  const samples = line(60, MIB);
  const usedBytes = samples.at(-1)?.bytes ?? 0;
  const bound = { bytes: 12 * GIB, historyMs: 2 * DAY_MS, usedBytes };
  const forecast = forecastSpace({ samples, roomBytes: 3 * GIB, until, bound });
  assert.equal(forecast.verdict, 'STAYS_BELOW');
  assert.equal(forecast.explanation, 'stays below 12.0 GiB at the churn of the last 2 days');
  const tight = forecastSpace({ samples, roomBytes: bound.bytes - usedBytes - 1, until, bound });
  assert.notEqual(tight.verdict, 'STAYS_BELOW');
  const full = forecastSpace({ samples, roomBytes: 0, until, bound });
  assert.deepEqual([full.verdict, full.likelyMs], ['FILLS', 0]);
});

test('F4: what takes more than its bound already does not stay below it', () => {
  const bound = { bytes: 9 * GIB, historyMs: DAY_MS, usedBytes: 10 * GIB };
  const { verdict, boundBytes } = forecastSpace({ samples: line(60, MIB), roomBytes: GIB, until, bound });
  assert.deepEqual([verdict, boundBytes], ['FILLS', null]);
});

test('spans are told in one unit', () => {
  const texts = [0, 20_000, MINUTE_MS, 119 * MINUTE_MS, 120 * MINUTE_MS, 47 * HOUR_MS, 3 * DAY_MS].map(
    spanText,
  );
  assert.deepEqual(texts, [
    ...['0 minutes', 'less than 1 minute', '1 minute', '119 minutes', '2 hours', '47 hours', '3 days'],
  ]);
});

test('a series keeps a day of samples a minute, and begins anew when the clock is set', () => {
  const series = new SpaceSeries();
  for (const sample of line(2000, MIB)) {
    assert.ok(series.isDue(sample.atMs));
    series.add(sample);
    assert.ok(!series.isDue(sample.atMs + 1000));
  }
  assert.equal(series.samples.length, 1441);
  series.add({ atMs: 5, bytes: 7 });
  assert.deepEqual(series.samples, [{ atMs: 5, bytes: 7 }]);
});
