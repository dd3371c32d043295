import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ForwardTime } from './forward-time.ts';

const HOUR_MS = 3_600_000;

test('it is what the clock says, goes on when that is set back, and is right when it is set ahead again', () => {
  const time = new ForwardTime();
  assert.deepEqual(
    [5000, 6000, 10 * HOUR_MS].map((atMs) => time.at(atMs)),
    [5000, 6000, 10 * HOUR_MS],
  );
  const setBack = 9 * HOUR_MS;
  assert.equal(time.at(setBack), 10 * HOUR_MS);
  assert.equal(time.at(setBack + 1000), 10 * HOUR_MS + 1000);
  assert.equal(time.at(setBack + 9000), 10 * HOUR_MS + 9000);
  assert.equal(time.at(11 * HOUR_MS), 11 * HOUR_MS);
});

test('whatever the clock does it never runs backwards, and is never behind it', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 10 * HOUR_MS })), (clock) => {
      const time = new ForwardTime();
      let lastMs = Number.NEGATIVE_INFINITY;
      for (const clockMs of clock) {
        const atMs = time.at(clockMs);
        assert.ok(atMs >= lastMs && atMs >= clockMs);
        lastMs = atMs;
      }
    }),
  );
});
