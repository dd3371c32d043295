/** Waits for a fact with a deadline; the last value is in the message when it does not come. */
import assert from 'node:assert/strict';
import { systemClock } from '@landfall/runtime';

const ASK_EVERY_MS = 20;

export async function waitFor<Value>(
  what: string,
  ask: () => Promise<Value> | Value,
  isDone: (value: Value) => boolean,
  timeoutMs = 15_000,
): Promise<Value> {
  const deadlineMs = systemClock.nowMs() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (isDone(value)) return value;
    assert.ok(
      systemClock.nowMs() < deadlineMs,
      `${what} did not come true; last seen: ${JSON.stringify(value)}`,
    );
    await systemClock.sleep(ASK_EVERY_MS);
  }
}
