import assert from 'node:assert/strict';
import test from 'node:test';
import { linesOf, METRIC_SPANS, spanOf, withLive } from './metric-series.ts';

const BEGIN_MS = Date.parse('2026-11-26T12:00:00Z');

function point(seconds: number, [mean, maximum]: readonly [number, number]) {
  const dateTime = new Date(BEGIN_MS + seconds * 1000).toISOString();
  return { dateTime, lagMs: { samples: 2, mean, minimum: 0, maximum } };
}

const POINTS = [point(0, [500, 1000]), { dateTime: '2026-11-26T12:00:10.000Z' }, point(20, [2000, 3000])];

test('a line has the points that were measured, in the unit of the chart', () => {
  const { mean, maximum } = linesOf(POINTS, 'lagMs', 1 / 1000);
  assert.deepEqual(
    mean.map(({ x, y }) => [x.getTime() - BEGIN_MS, y]),
    [
      [0, 0.5],
      [20_000, 2],
    ],
  );
  assert.deepEqual(
    maximum.map(({ y }) => y),
    [1, 3],
  );
  assert.deepEqual(linesOf(POINTS, 'churnBytesPerSecond'), { mean: [], maximum: [] });
});

test('live measurements follow the history, and none of them is in both', () => {
  const live = [10, 29, 30, 33].map((seconds) => ({ x: new Date(BEGIN_MS + seconds * 1000), y: seconds }));
  const { mean, maximum } = withLive(linesOf(POINTS, 'lagMs'), live, 10);
  assert.deepEqual(
    mean.slice(2).map(({ y }) => y),
    [30, 33],
  );
  assert.deepEqual(
    maximum.map(({ y }) => y),
    [1000, 3000, 30, 33],
  );
  assert.deepEqual(withLive({ mean: [], maximum: [] }, live, 10).mean, live);
});

test('a span that nobody knows is the shortest', () => {
  for (const span of METRIC_SPANS) assert.equal(spanOf(span.id), span);
  assert.equal(spanOf('2y').id, '1h');
});
