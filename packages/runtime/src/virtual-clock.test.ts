import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from './random.ts';
import { VirtualClock } from './virtual-clock.testing.ts';

test('sleepers wake in the order of time, equal ones in the order in which they went to sleep', async () => {
  const clock = new VirtualClock();
  const random = seededRandom(7);
  const durationsMs = Array.from({ length: 500 }, () => random.integer(40));
  const woken: number[] = [];
  const sleep = async (index: number) => {
    await clock.sleep(durationsMs[index] ?? 0);
    woken.push(index);
  };
  await clock.settle(Promise.all(durationsMs.map((_duration, index) => sleep(index))), 1000);
  const expected = durationsMs
    .map((durationMs, index) => ({ durationMs, index }))
    .toSorted((left, right) => left.durationMs - right.durationMs || left.index - right.index);
  assert.deepEqual(
    woken,
    expected.map(({ index }) => index),
  );
  assert.equal(clock.elapsedMs, 39);
});

test('an aborted sleep ends at once, and time does not wait for it', async () => {
  const clock = new VirtualClock();
  const abort = new AbortController();
  const slept = assert.rejects(clock.sleep(1000, abort.signal), /enough/);
  abort.abort(new Error('enough'));
  await slept;
  await clock.settle(clock.sleep(5), 10);
  assert.equal(clock.elapsedMs, 5);
});

test('what takes longer than its limit fails', async () => {
  const clock = new VirtualClock();
  const steps = async () => {
    for (let step = 0; step < 10; step += 1) await clock.sleep(10);
  };
  await assert.rejects(clock.settle(steps(), 50), /nothing came of it/);
});
