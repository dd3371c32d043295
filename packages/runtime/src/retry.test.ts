import assert from 'node:assert/strict';
import test from 'node:test';
import type { Clock } from './clock.ts';
import { seededRandom } from './random.ts';
import { backoffDelayMs, retry } from './retry.ts';

function recordingClock(): { clock: Clock; sleeps: number[] } {
  const sleeps: number[] = [];
  const sleep = async (durationMs: number) => void sleeps.push(durationMs);
  return { clock: { nowMs: () => 0, monotonicNs: () => 0n, sleep }, sleeps };
}

test('the delay doubles up to its maximum and is jittered into its upper half', () => {
  const random = seededRandom(7);
  for (let attempt = 0; attempt < 40; attempt += 1) {
    const full = Math.min(10_000, 100 * 2 ** attempt);
    const delayMs = backoffDelayMs({ initialMs: 100, maximumMs: 10_000 }, attempt, random);
    assert.ok(
      delayMs >= Math.floor(full / 2) && delayMs <= full,
      `attempt ${attempt}: ${delayMs} of ${full}`,
    );
  }
});

test('it stops at the first success, at the maximum, and at what cannot be retried', async () => {
  const { clock, sleeps } = recordingClock();
  let calls = 0;
  const failTwice = async () => {
    calls += 1;
    if (calls < 3) throw new Error('again');
    return 'done';
  };
  assert.equal(await retry(failTwice, { attemptsMax: 5, clock }), 'done');
  assert.equal(sleeps.length, 2);
  const fail = async () => {
    calls += 1;
    throw new Error('never');
  };
  calls = 0;
  await assert.rejects(retry(fail, { attemptsMax: 4, clock }), /never/);
  assert.equal(calls, 4);
  calls = 0;
  await assert.rejects(retry(fail, { attemptsMax: 4, clock, isRetryable: () => false }), /never/);
  assert.equal(calls, 1);
});
