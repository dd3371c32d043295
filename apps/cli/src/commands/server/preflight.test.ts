import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Landfall } from '@landfall/api';
import { preflightFacts } from './preflight.ts';

const PREFLIGHT: Landfall.PreflightItem = {
  ...{ preflightID: 'preflight-1', sourceServerID: 's-1', state: 'COMPLETE', trigger: 'FIRST_POINT' },
  ...{ createdDateTime: '2026-01-31T12:00:00.000Z', attempts: 0 },
  report: {
    recoveryPoint: { epoch: 7, cutDateTime: '2026-01-31T11:59:59.000Z' },
    inspectedDateTime: '2026-01-31T12:01:00.000Z',
    ...{ durationMs: 1, operatingSystem: 'Debian 12', bootMode: 'UEFI', facts: [] },
    findings: [
      { rank: 'BLOCKER', code: 'KERNEL_MISSING', what: 'no kernel', why: 'It starts nothing.', fix: '`apt`' },
      {
        rank: 'WILL_BE_FIXED',
        code: 'FSTAB_BY_HARDWARE',
        what: 'a → b\nc → d',
        why: 'Names.',
        fix: 'UUIDs.',
      },
      { rank: 'NOTE', code: 'SPACE_LOW', what: '1 MiB is free', why: 'It may fill up.' },
    ],
  },
};

test('findings are told with reason and fix; what is fixed anyway needs no advice', () => {
  assert.deepEqual(preflightFacts(PREFLIGHT), [
    ['preflight', '1 blockers, 1 to be fixed, 1 notes, at point 7 (2026-01-31T11:59:59.000Z)'],
    ['inspected system', 'Debian 12, UEFI'],
    ['  BLOCKER', 'KERNEL_MISSING: no kernel'],
    ['', 'It starts nothing. Fix: `apt`'],
    ['  WILL_BE_FIXED', 'FSTAB_BY_HARDWARE: a → b'],
    ['', 'c → d'],
    ['  NOTE', 'SPACE_LOW: 1 MiB is free'],
    ['', 'It may fill up.'],
  ]);
});

test('one that waits says for what, and what was found before stays', () => {
  const waiting = { ...PREFLIGHT, state: 'WAITING', reason: 'no launch host is enrolled' } as const;
  const [first, second] = preflightFacts(waiting);
  assert.deepEqual(first, ['preflight', 'WAITING: no launch host is enrolled']);
  assert.match(String(second?.[1]), /^1 blockers/);
  assert.deepEqual(preflightFacts({ ...waiting, report: undefined }), [first]);
  assert.deepEqual(preflightFacts(undefined), [['preflight', 'at the first recovery point']]);
});
