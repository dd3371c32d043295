import assert from 'node:assert/strict';
import test from 'node:test';
import { hydratedShare, type PaceSample, paceOf, withSample } from './hydration-pace.ts';

const SECOND_MS = 1000;

function seen(...samples: readonly (readonly [atSeconds: number, doneBytes: number])[]) {
  return samples.reduce<readonly PaceSample[]>(
    (all, [atSeconds, doneBytes]) => withSample(all, { atMs: atSeconds * SECOND_MS, doneBytes }),
    [],
  );
}

test('the time that is left follows from the speed that was seen', () => {
  const pace = paceOf(seen([0, 0], [5, 500], [10, 1000]), 3000);
  assert.deepEqual(pace, { bytesPerSecond: 100, remainingMs: 20 * SECOND_MS });
});

test('two looks in a row are no speed, and one is none either', () => {
  assert.equal(paceOf(seen([0, 0], [1, 900]), 1000), undefined);
  assert.equal(paceOf(seen([0, 0]), 1000), undefined);
  assert.equal(paceOf([], 1000), undefined);
});

test('what stands still ends at no time that could be told', () => {
  assert.deepEqual(paceOf(seen([0, 700], [10, 700]), 1000), { bytesPerSecond: 0, remainingMs: undefined });
});

test('the speed is that of the last minutes, and begins anew where filling in does', () => {
  const slowed = paceOf(seen([0, 0], [1, 10_000], [200, 10_000], [210, 10_100]), 20_000);
  assert.equal(slowed?.bytesPerSecond, 10);
  assert.equal(seen([0, 500], [10, 900], [20, 0]).length, 1);
});

test('a share is known once there is something to fill in', () => {
  assert.equal(hydratedShare({ state: 'RUNNING', doneBytes: 1, totalBytes: 4 }), 0.25);
  assert.equal(hydratedShare({ state: 'NOT_STARTED', doneBytes: 0, totalBytes: 0 }), undefined);
  assert.equal(hydratedShare({ state: 'COMPLETE', doneBytes: 0, totalBytes: 0 }), 1);
});
