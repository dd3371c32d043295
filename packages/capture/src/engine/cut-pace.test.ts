import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@landfall/runtime/virtual-clock';
import { CutPace, IDLE_CUT_INTERVAL_MS } from './cut-pace.ts';

const INTERVAL_MS = 100;
const PACE = { intervalMs: INTERVAL_MS, idleIntervalMs: IDLE_CUT_INTERVAL_MS };
const never = new AbortController().signal;

/** Virtual milliseconds from the call until the next cut is due. */
async function waitedMs(
  clock: VirtualClock,
  pace: CutPace,
  options: { readonly waitMs?: number; readonly hurryAfterMs?: number } = {},
): Promise<number> {
  const fromMs = clock.elapsedMs;
  const due = pace.untilDue(options.waitMs ?? 10_000, never);
  const { hurryAfterMs } = options;
  const hurried = hurryAfterMs === undefined ? undefined : clock.sleep(hurryAfterMs).then(() => pace.hurry());
  await clock.settle(Promise.all([due, hurried]), 20_000);
  return Math.round(clock.elapsedMs - fromMs);
}

test('a cut that holds something is followed by another after the interval', async () => {
  const clock = new VirtualClock();
  const pace = new CutPace(clock, PACE);
  assert.equal(await waitedMs(clock, pace), 0, 'the first is due at once');
  pace.made(false);
  assert.equal(await waitedMs(clock, pace), INTERVAL_MS);
});

test('an empty cut is followed by another later, or as soon as something happens', async () => {
  const clock = new VirtualClock();
  const pace = new CutPace(clock, PACE);
  pace.made(true);
  assert.equal(await waitedMs(clock, pace), IDLE_CUT_INTERVAL_MS);
  pace.made(true);
  assert.equal(await waitedMs(clock, pace, { hurryAfterMs: 250 }), 250);
  pace.made(true);
  assert.equal(
    await waitedMs(clock, pace, { hurryAfterMs: 30 }),
    INTERVAL_MS,
    'never sooner than the interval',
  );
});

test('who waits is let go after its time, or when it is told to end', async () => {
  const clock = new VirtualClock();
  const pace = new CutPace(clock, PACE);
  pace.made(true);
  assert.equal(await waitedMs(clock, pace, { waitMs: 70 }), 70);
  const ending = new AbortController();
  const due = pace.untilDue(10_000, ending.signal);
  ending.abort(new Error('ended'));
  await assert.rejects(due, /ended/);
});

test('without intervals cuts are due at once, whatever they hold', async () => {
  const clock = new VirtualClock();
  const pace = new CutPace(clock, { intervalMs: 0, idleIntervalMs: 0 });
  pace.made(true);
  assert.equal(await waitedMs(clock, pace), 0);
});
