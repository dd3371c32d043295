import assert from 'node:assert/strict';
import test from 'node:test';
import type { Landfall, Mgn } from '@landfall/api/types';
import { LIFE_CYCLE_STATES } from '@landfall/model';
import { EN } from '../../i18n/en/index.ts';
import { MACHINE_PHASES } from '../../machines/machine-phases.ts';
import { canFillIn, hasConsole, hasScreen, isStill, whyKept } from './machine-life.ts';

function machine(phase: Landfall.LaunchedMachinePhase): Landfall.LaunchedMachine {
  return {
    machineID: 'i-0123456789abcdef0',
    sourceServerID: 's-0123456789abcdef0',
    jobID: 'mgnjob-1',
    purpose: 'TEST',
    phase,
    recoveryPoint: { epoch: 7, cutDateTime: '2026-01-31T12:00:00Z' },
    published: [],
    hydration: { state: 'NOT_STARTED', doneBytes: 0, totalBytes: 0 },
    conversion: [],
    startedDateTime: '2026-01-31T12:01:00Z',
  };
}

function server(state: Mgn.LifeCycleState): Mgn.SourceServer {
  return { sourceServerID: 's-0123456789abcdef0', lifeCycle: { state } };
}

test('a screen is asked for only while there is one, and a console as long as it is kept', () => {
  assert.deepEqual(
    MACHINE_PHASES.filter((phase) => hasScreen(machine(phase))),
    ['STARTING', 'RUNNING'],
  );
  assert.deepEqual(
    MACHINE_PHASES.filter((phase) => hasConsole(machine(phase))),
    ['STARTING', 'RUNNING', 'STOPPED', 'FAILED'],
  );
  assert.equal(hasConsole({ ...machine('FAILED'), startedDateTime: undefined }), false);
  assert.equal(isStill(machine('STOPPED')), true);
});

test('disks fill in from the conversion to the end, unless they are complete', () => {
  assert.deepEqual(
    MACHINE_PHASES.filter((phase) => canFillIn(machine(phase))),
    ['CONVERTED', 'STARTING', 'RUNNING', 'STOPPED', 'FAILED'],
  );
  const { hydration, ...rest } = machine('RUNNING');
  assert.equal(canFillIn({ ...rest, hydration: { ...hydration, state: 'RUNNING' } }), true);
  assert.equal(canFillIn({ ...rest, hydration: { ...hydration, state: 'COMPLETE' } }), false);
});

test('a machine that cannot be ended says why, in every state of its server', () => {
  for (const state of LIFE_CYCLE_STATES) {
    const why = whyKept(machine('RUNNING'), server(state));
    assert.ok(why === undefined || why in EN, state);
  }
  assert.equal(whyKept(machine('RUNNING'), server('READY_FOR_CUTOVER')), undefined);
  assert.equal(whyKept(machine('RUNNING'), server('TESTING')), 'machine.keep.testing');
  assert.equal(whyKept(machine('TERMINATED'), server('READY_FOR_TEST')), 'machine.keep.ended');
  assert.equal(whyKept(machine('RUNNING'), undefined), 'machine.keep.serverGone');
});
