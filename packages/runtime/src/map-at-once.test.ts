import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { mapAtOnce } from './map-at-once.ts';

test('results are in the order of the items, whichever is ready first', async () => {
  const turns = async (count: number) => {
    for (let left = count; left > 0; left -= 1) await turn();
    return count * 10;
  };
  assert.deepEqual(await mapAtOnce([3, 1, 2, 0], 2, turns), [30, 10, 20, 0]);
  assert.deepEqual(await mapAtOnce([], 2, turns), []);
});

test('no more are under way than allowed, and as many', async () => {
  let now = 0;
  let most = 0;
  await mapAtOnce(Array.from({ length: 20 }), 3, async () => {
    now += 1;
    most = Math.max(most, now);
    await turn();
    now -= 1;
  });
  assert.equal(most, 3);
});

test('an error is thrown when those under way have ended, and nothing begins after it', async () => {
  const ended: number[] = [];
  const failure = new Error('no');
  const all = mapAtOnce([0, 1, 2, 3], 2, async (item) => {
    if (item === 0) throw failure;
    await turn();
    ended.push(item);
  });
  await assert.rejects(all, failure);
  assert.deepEqual(ended, [1]);
});
