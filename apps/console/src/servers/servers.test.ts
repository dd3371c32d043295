import assert from 'node:assert/strict';
import test from 'node:test';
import type { Mgn } from '@landfall/api/types';
import { DATA_REPLICATION_STATES, LIFE_CYCLE_STATES } from '@landfall/model';
import { EN } from '../i18n/en/index.ts';
import { nextStep, nextStepKey } from './next-step.ts';
import {
  ACTIONS,
  actionKey,
  consequenceKey,
  isFinalFor,
  replacementBy,
  runAction,
  SERVER_ACTIONS,
} from './server-actions.ts';
import { serverName } from './server-name.ts';
import { etaOf, syncedShare } from './sync-progress.ts';

function server(
  state: Mgn.LifeCycleState,
  replication: Mgn.DataReplicationState = 'CONTINUOUS',
  more: Partial<Mgn.SourceServer> = {},
): Mgn.SourceServer {
  const dataReplicationInfo = { dataReplicationState: replication, lagDuration: 'PT1S' };
  const launchedInstance = { ec2InstanceID: 'i-1' };
  return { sourceServerID: 's-1', lifeCycle: { state }, dataReplicationInfo, launchedInstance, ...more };
}

test('every state has its one next step, and every step its words', () => {
  for (const state of LIFE_CYCLE_STATES) {
    for (const replication of DATA_REPLICATION_STATES) {
      assert.ok(nextStepKey(nextStep(server(state, replication))) in EN);
    }
  }
  assert.equal(nextStep(server('READY_FOR_TEST')), 'test');
  assert.equal(nextStep(server('READY_FOR_TEST', 'STALLED')), 'repair');
  assert.equal(nextStep(server('CUTTING_OVER', 'STALLED')), 'finalize');
  assert.equal(nextStep(server('CUTOVER', 'DISCONNECTED', { isArchived: true })), 'nothing');
});

test('every action says what it does; those that lose something for ever say so', () => {
  for (const name of SERVER_ACTIONS) {
    assert.ok(actionKey(name) in EN && consequenceKey(name) in EN, name);
    const words: string = EN[consequenceKey(name)];
    const tells = /cannot be taken back|deleted from|is lost/.test(words);
    assert.equal(tells && name !== 'archive', ACTIONS[name].isFinal, `${name}: ${words}`);
  }
});

test('what is finished can be archived or deleted, and nothing else is offered for it', () => {
  const offered = (one: Mgn.SourceServer) => SERVER_ACTIONS.filter((name) => ACTIONS[name].isPossible(one));
  assert.deepEqual(offered(server('CUTOVER', 'DISCONNECTED')), ['archive', 'delete']);
  assert.deepEqual(offered(server('CUTOVER', 'DISCONNECTED', { isArchived: true })), ['delete']);
  assert.deepEqual(offered(server('NOT_READY', 'INITIAL_SYNC', { launchedInstance: undefined })), [
    'pause',
    'stop',
    'disconnect',
  ]);
});

test('a cutover is finalized only when a machine runs, and a test machine of a test is not terminated', () => {
  assert.equal(
    ACTIONS.finalize.isPossible(server('CUTTING_OVER', 'CONTINUOUS', { launchedInstance: undefined })),
    false,
  );
  assert.equal(ACTIONS.finalize.isPossible(server('CUTTING_OVER')), true);
  assert.equal(ACTIONS.terminate.isPossible(server('TESTING')), false);
});

test('a launch names the machines it ends, and asks for a word before the machine of a cutover', () => {
  const cuttingOver = server('CUTTING_OVER');
  const tested = server('READY_FOR_CUTOVER');
  const failed = server('CUTTING_OVER', 'CONTINUOUS', { launchedInstance: undefined });
  assert.deepEqual(replacementBy('cutover', [cuttingOver, tested, failed]).servers, [cuttingOver, tested]);
  assert.equal(isFinalFor('cutover', [tested, cuttingOver]), true);
  assert.equal(isFinalFor('cutover', [tested, failed]), false);
  assert.deepEqual(replacementBy('test', [server('TESTING')]).servers, [server('TESTING')]);
  assert.equal(isFinalFor('test', [server('TESTING')]), false);
});

test('what starts no machine ends none by starting it', () => {
  for (const name of SERVER_ACTIONS.filter((one) => one !== 'test' && one !== 'cutover')) {
    assert.deepEqual(replacementBy(name, [server('CUTTING_OVER')]).servers, [], name);
    assert.equal(isFinalFor(name, [server('CUTTING_OVER')]), ACTIONS[name].isFinal, name);
  }
});

test('what fails for one server does not keep the others from it', async () => {
  const asked: string[] = [];
  const outcome = await runAction(
    'archive',
    async (_name, input) => {
      const { sourceServerID } = input as { sourceServerID: string };
      asked.push(sourceServerID);
      if (sourceServerID === 's-2') throw new Error('busy');
      return {} as never;
    },
    ['s-1', 's-2', 's-3'],
  );
  assert.deepEqual(asked, ['s-1', 's-2', 's-3']);
  assert.deepEqual(outcome.done, ['s-1', 's-3']);
  assert.equal(outcome.failed[0]?.sourceServerID, 's-2');
});

test('a server is called as its people call it', () => {
  const hints = { identificationHints: { hostname: 'web-1', fqdn: 'web-1.example' } };
  assert.equal(serverName({ sourceServerID: 's-1', sourceProperties: hints }), 'web-1');
  assert.equal(
    serverName({ sourceServerID: 's-1', sourceProperties: hints, tags: { Name: '<b>shop</b>' } }),
    '<b>shop</b>',
  );
  assert.equal(serverName({ sourceServerID: 's-1' }), 's-1');
});

test('an end of the transfer is told while there is one to wait for', () => {
  const etaDateTime = '2026-01-31T12:00:00Z';
  assert.equal(etaOf({ dataReplicationState: 'INITIAL_SYNC', etaDateTime }), etaDateTime);
  assert.equal(etaOf({ dataReplicationState: 'CONTINUOUS', etaDateTime }), undefined);
  assert.equal(etaOf(undefined), undefined);
});

test('the share that was copied is of all disks together', () => {
  const disk = (totalStorageBytes: number, replicatedStorageBytes: number) => ({
    totalStorageBytes,
    replicatedStorageBytes,
  });
  assert.equal(syncedShare({ replicatedDisks: [disk(300, 100), disk(100, 100)] }), 0.5);
  assert.equal(syncedShare({ replicatedDisks: [] }), undefined);
});
