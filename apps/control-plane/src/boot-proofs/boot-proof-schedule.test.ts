import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import {
  BOOT_PROOF_SCHEDULE_DEFAULT,
  bootProofScheduleOf,
  isRecentEnough,
  nextBootProofAtMs,
  portsOf,
} from './boot-proof-schedule.ts';

const HOUR_MS = 3_600_000;

/** Only what a schedule is read from. */
function server(bootProofSchedule?: SourceServerRecord['bootProofSchedule']): SourceServerRecord {
  const record = { createdAtMs: 1000, ...(bootProofSchedule === undefined ? {} : { bootProofSchedule }) };
  return record as SourceServerRecord;
}

test('by default a server is proved daily, the first time an hour after it came', () => {
  assert.equal(nextBootProofAtMs(server(), undefined), 1000 + HOUR_MS);
  assert.equal(nextBootProofAtMs(server(), { createdAtMs: 5000 }), 5000 + 24 * HOUR_MS);
  assert.equal(BOOT_PROOF_SCHEDULE_DEFAULT.proofBeforeCutover, true);
});

test('what is set takes the place of the default, the rest stays', () => {
  const schedule = bootProofScheduleOf(server({ intervalHours: 6 }));
  assert.deepEqual(schedule, { ...BOOT_PROOF_SCHEDULE_DEFAULT, intervalHours: 6 });
});

test('a schedule of 0 hours never begins by itself, and still knows what is too old for a cutover', () => {
  const off = server({ intervalHours: 0 });
  assert.equal(nextBootProofAtMs(off, undefined), undefined);
  assert.equal(nextBootProofAtMs(off, { createdAtMs: 0 }), undefined);
  assert.equal(isRecentEnough(off, 0, 24 * HOUR_MS), true);
  assert.equal(isRecentEnough(off, 0, 24 * HOUR_MS + 1), false);
});

test('whenever the next proof is due, the last one is just about too old for a cutover', () => {
  const hours = fc.integer({ min: 1, max: 87_600 });
  fc.assert(
    fc.property(hours, fc.integer({ min: 0, max: 2 ** 40 }), (intervalHours, createdAtMs) => {
      const one = server({ intervalHours });
      const nextAtMs = nextBootProofAtMs(one, { createdAtMs }) ?? 0;
      assert.equal(isRecentEnough(one, createdAtMs, nextAtMs), true);
      assert.equal(isRecentEnough(one, createdAtMs, nextAtMs + 1), false);
    }),
  );
});

test('every port that a sign needs is published once', () => {
  const signs = [
    { kind: 'LOGIN_PROMPT' },
    { kind: 'TCP', port: 22 },
    { kind: 'HTTP', port: 80, path: '/' },
    { kind: 'HTTP', port: 80, path: '/x' },
  ] as const;
  assert.deepEqual(portsOf(signs), [22, 80]);
});
