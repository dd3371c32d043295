import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { elapsedMs } from './source-timeline.ts';

const DAY_MS = 86_400_000;
const cut = (cutTimeMs: number, monotonicMs: number) => ({
  cutTimeMs,
  cutMonotonicNs: BigInt(monotonicMs) * 1_000_000n,
});

test('while the source runs its monotonic clock tells, however the wall clock is slewed or set ahead', () => {
  assert.equal(elapsedMs(cut(1_000_000, 5000), cut(1_000_100, 5100)), 100);
  assert.equal(elapsedMs(cut(1_000_000, 5000), cut(1_000_099, 5100)), 100);
  assert.equal(elapsedMs(cut(1_000_000, 5000), cut(1_000_000 + 400 * DAY_MS, 5100)), 100);
});

test('a wall clock that is set back does not make time run backwards', () => {
  assert.equal(elapsedMs(cut(9_000_000, 5000), cut(1_000_000, 5100)), 0);
});

test('over a start of the source its wall clock tells, but never more than a day', () => {
  assert.equal(elapsedMs(cut(1_000_000, 9_000_000), cut(1_060_000, 4000)), 60_000);
  assert.equal(elapsedMs(cut(0, 9_000_000), cut(50 * 365 * DAY_MS, 4000)), DAY_MS);
});

test('a machine that has been up for long takes over: its monotonic clock is not believed', () => {
  assert.equal(elapsedMs(cut(1_000_000, 5000), cut(1_003_000, 900 * DAY_MS)), 3000);
});

test('time never runs backwards, and many small steps are not rounded away', () => {
  const clocks = fc.tuple(fc.nat(2_000_000_000), fc.bigInt({ min: 0n, max: 2n ** 60n }));
  fc.assert(
    fc.property(clocks, clocks, ([beforeMs, beforeNs], [afterMs, afterNs]) => {
      const passed = elapsedMs(
        { cutTimeMs: beforeMs, cutMonotonicNs: beforeNs },
        { cutTimeMs: afterMs, cutMonotonicNs: afterNs },
      );
      assert.ok(Number.isSafeInteger(passed) && passed >= 0);
    }),
  );
  let sum = 0;
  for (let step = 0; step < 3000; step += 1) {
    const at = (index: number) => ({
      cutTimeMs: Math.floor(index * 0.4),
      cutMonotonicNs: BigInt(index) * 400_000n,
    });
    sum += elapsedMs(at(step), at(step + 1));
  }
  assert.equal(sum, 1200);
});
