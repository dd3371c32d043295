import assert from 'node:assert/strict';
import test from 'node:test';
import { addMeasurement, lags, MEASUREMENTS_MAX, type Measurement, throughput } from './measured-series.ts';

function series(...rows: readonly (readonly [number, number, number?])[]): readonly Measurement[] {
  return rows.map(([atMs, sentBytes, lagMs]) => ({ atMs, sentBytes, lagMs }));
}

test('throughput is what was sent between two looks, and a counter begun anew is a gap', () => {
  const seen = series([0, 100], [1000, 300], [3000, 700], [4000, 10], [5000, 20]);
  assert.deepEqual(
    throughput(seen).map(({ x, y }) => [x.getTime(), y]),
    [
      [1000, 200],
      [3000, 200],
      [5000, 10],
    ],
  );
  assert.deepEqual(throughput(series([0, 100])), []);
});

test('a lag that is not known is not drawn as none', () => {
  assert.deepEqual(
    lags(series([0, 0], [1000, 0, 500])).map(({ y }) => y),
    [0.5],
  );
});

test('the same look twice counts once, and old ones are forgotten', () => {
  let seen: readonly Measurement[] = [];
  for (let index = 0; index < MEASUREMENTS_MAX + 50; index += 1) {
    const next = { atMs: index, sentBytes: index, lagMs: 0 };
    seen = addMeasurement(addMeasurement(seen, next), next);
  }
  assert.equal(seen.length, MEASUREMENTS_MAX);
  assert.equal(seen[0]?.atMs, 50);
});
