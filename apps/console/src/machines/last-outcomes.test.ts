import assert from 'node:assert/strict';
import test from 'node:test';
import type { Landfall, Mgn } from '@landfall/api/types';
import { actionNames, outcomeOf } from './last-outcomes.ts';

const MACHINE = 'i-0123456789abcdef0';

function server(machineID: string, ...actions: readonly string[]): Mgn.ParticipatingServer {
  return {
    sourceServerID: 's-1',
    postLaunchActionsStatus: {
      postLaunchActionsLaunchStatusList: actions.map((actionName, index) => ({
        executionID: `${machineID}/action-${index + 1}`,
        ssmDocument: { actionName, ssmDocumentName: 'check' },
      })),
    },
  };
}

test('outcomes are called as the actions of their own machine', () => {
  const job = {
    jobID: 'mgnjob-1',
    participatingServers: [server('i-1', 'other'), server(MACHINE, 'dns', 'web')],
  };
  const names = actionNames(job, MACHINE);
  assert.deepEqual(
    [...names],
    [
      ['action-1', 'dns'],
      ['action-2', 'web'],
    ],
  );
  const results: Landfall.PostLaunchResult[] = [
    { actionID: 'action-1', state: 'SUCCEEDED', exitCode: 0, output: 'ok' },
    { actionID: 'action-2', state: 'FAILED', exitCode: 7, output: 'no' },
  ];
  const last = { machine: { machineID: MACHINE } as Landfall.LaunchedMachine, results, names };
  assert.equal(outcomeOf(last, 'web')?.exitCode, 7);
  assert.equal(outcomeOf(last, 'other'), undefined);
});

test('a job without actions, or one that was never launched, has no names', () => {
  assert.equal(actionNames({ jobID: 'mgnjob-1' }, MACHINE).size, 0);
  assert.equal(
    actionNames({ jobID: 'mgnjob-1', participatingServers: [{ sourceServerID: 's-1' }] }, MACHINE).size,
    0,
  );
});
