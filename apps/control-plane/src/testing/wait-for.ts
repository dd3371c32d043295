/**
 * Waits for a fact, for so many looks; the last value is in the message when it does not come. Looks instead
 * of a deadline: on a busy machine, or with a slower store, what is waited for takes longer, and so do they.
 */
import assert from 'node:assert/strict';
import { systemClock } from '@landfall/runtime';

const ASK_EVERY_MS = 20;

export async function waitFor<Value>(
  what: string,
  ask: () => Promise<Value> | Value,
  isDone: (value: Value) => boolean,
  /** At least: were looking to cost nothing. */
  timeoutMs = 60_000,
): Promise<Value> {
  const looksMax = Math.ceil(timeoutMs / ASK_EVERY_MS);
  for (let looks = 1; ; looks += 1) {
    const value = await ask();
    if (isDone(value)) return value;
    assert.ok(looks < looksMax, `${what} did not come true; last seen: ${JSON.stringify(value)}`);
    await systemClock.sleep(ASK_EVERY_MS);
  }
}
