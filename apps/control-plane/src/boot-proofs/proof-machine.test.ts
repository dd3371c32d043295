import assert from 'node:assert/strict';
import test from 'node:test';
import type { MachineStatus } from '@landfall/channel';
import { newMachine } from '../testing/simulated-machine.ts';
import { BOOT_PROOF_SCHEDULE_DEFAULT } from './boot-proof-schedule.ts';
import { type Circumstances, judge } from './proof-machine.ts';

const QUIET: Circumstances = {
  ...{ silentMs: 0, lifeTimeoutSeconds: 60, loadPerProcessor: 1, isAgain: false },
  signsOfLife: BOOT_PROOF_SCHEDULE_DEFAULT.signsOfLife,
};
const BUSY: Circumstances = { ...QUIET, loadPerProcessor: 3.4 };
const SILENT = { silentMs: 60_000 };
const PANICKED: Partial<MachineStatus> = {
  phase: 'FAILED',
  error: { code: 'GUEST_PANICKED', message: 'the kernel of the machine panicked' },
};

function judged(change: Partial<MachineStatus>, circumstances: Circumstances) {
  return judge({ ...newMachine('i-1'), ...change }, circumstances);
}

test('a panic and silence are verdicts, but the first time on an overloaded host', () => {
  for (const [change, when] of [
    [PANICKED, {}],
    [{ phase: 'RUNNING' }, SILENT],
  ] as const) {
    assert.equal(judged(change, { ...QUIET, ...when }).kind, 'DOES_NOT_BOOT');
    const first = judged(change, { ...BUSY, ...when });
    assert.equal(first.kind, 'FAULT');
    assert.match('error' in first ? first.error.message : '', /overloaded \(load 3\.4 for each processor\)/);
    assert.equal(judged(change, { ...BUSY, ...when, isAgain: true }).kind, 'DOES_NOT_BOOT');
  }
});

test('what no load explains is a verdict at once', () => {
  const impossible = { code: 'CONVERSION_IMPOSSIBLE', message: 'its root is encrypted' };
  assert.equal(judged({ phase: 'FAILED', error: impossible }, BUSY).kind, 'DOES_NOT_BOOT');
  assert.equal(judged({ phase: 'STOPPED' }, BUSY).kind, 'DOES_NOT_BOOT', 'it powered itself off');
});

test('a machine that lives, or may yet, is not judged by the load of its host', () => {
  const life = { sign: { kind: 'GUEST_AGENT' }, atMs: 1, detail: 'it answers' } as const;
  assert.equal(judged({ phase: 'RUNNING', life }, { ...BUSY, ...SILENT }).kind, 'LIVES');
  assert.equal(judged({ phase: 'RUNNING' }, BUSY).kind, 'UNDECIDED');
});

test('silence is told with what became of the script that was waited for', () => {
  const outcome = { actionId: 'sign-1', output: 'no answer\n', startedAtMs: 1, endedAtMs: 2 };
  const postLaunch = [{ ...outcome, state: 'FAILED', exitCode: 1 }] as const;
  const verdict = judged({ phase: 'RUNNING', postLaunch }, { ...QUIET, ...SILENT });
  assert.match('error' in verdict ? verdict.error.message : '', /its script: FAILED, no answer/);
});

test('silence to the default signs is told with how to choose others', () => {
  const hintOf = (signsOfLife: Circumstances['signsOfLife']) => {
    const verdict = judged({ phase: 'RUNNING' }, { ...QUIET, ...SILENT, signsOfLife });
    return 'error' in verdict ? verdict.error.hint : undefined;
  };
  assert.match(hintOf(QUIET.signsOfLife) ?? '', /boot-proof schedule SERVER --signs LIST/);
  assert.doesNotMatch(hintOf([{ kind: 'TCP', port: 5432 }]) ?? '', /--signs/);
});
