/** What a retirement may end, and what it waits for before staging is given back. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { assert as assertThat } from '@landfall/runtime';
import { changeMachine } from '../store/machines.ts';
import { changeServer } from '../store/source-servers.ts';
import { startTestSite, type TestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';

const TIMES_ASKED = 3;
const DIED = { code: 'MACHINE_DIED', message: 'QEMU ended by itself or was killed: it said nothing' };

/** A machine whose disks fill in when its server is finalized. */
async function cutOver(site: TestSite): Promise<{ sourceServerID: string; machineID: string }> {
  const { api } = site.plane;
  const { sourceServerId: sourceServerID } = await site.addAgent();
  await site.changeTemplate(sourceServerID, { hydrationStart: 'AT_FINALIZE' });
  const lifeCycle = { state: 'READY_FOR_CUTOVER' } as const;
  await api.mgn('ChangeServerLifeCycleState', { sourceServerID, lifeCycle });
  await api.landfall('PutBootProofSchedule', { sourceServerID, proofBeforeCutover: false });
  await site.untilJobEnds((await api.mgn('StartCutover', { sourceServerIDs: [sourceServerID] })).job?.jobID);
  const machineID = (await site.server(sourceServerID)).launchedInstance?.ec2InstanceID ?? '';
  return { sourceServerID, machineID };
}

function die({ host }: TestSite, machineID: string, startedAtMs: number | null): void {
  const machine = host.machines.get(machineID);
  assertThat(machine !== undefined, 'the launch host has it');
  const { status } = machine;
  machine.status = { ...status, phase: 'FAILED', error: DIED, startedAtMs, revision: status.revision + 1 };
}

function untilAsked({ host }: TestSite, what: string): Promise<number> {
  const begin = host.done.length;
  return waitFor(
    `${what}, several times`,
    () => host.done.slice(begin).filter((done) => done === what).length,
    (times) => times >= TIMES_ASKED,
  );
}

function untilDiscarded({ plane }: TestSite, sourceServerID: string) {
  return waitFor(
    'the staging to be given back',
    () => plane.api.landfall('DescribeReplication', { sourceServerID }),
    ({ stagingDiscarded }) => stagingDiscarded,
  );
}

/** As a launch leaves it that ended before its machine had run, and could not release it. */
async function abandon({ plane }: TestSite, sourceServerID: string, machineID: string): Promise<void> {
  await plane.current().service.store.transaction(async (tx) => {
    await changeServer(tx, sourceServerID, (server) => ({ ...server, launched: null }));
    await changeMachine(tx, machineID, { status: null });
  });
}

test('a machine that dies while it is filled in is waited for, and never ended', async (t) => {
  const site = await startTestSite(t);
  const { sourceServerID, machineID } = await cutOver(site);
  site.host.isFillingIn = true;
  await site.plane.api.mgn('FinalizeCutover', { sourceServerID });
  await untilAsked(site, `hydrateMachine ${machineID}`);
  die(site, machineID, Date.now());
  await untilAsked(site, `hydrateMachine ${machineID}`);
  assert.equal(site.host.machines.get(machineID)?.status.hydration.state, 'RUNNING');
  assert.ok(!site.host.done.includes(`terminateMachine ${machineID}`));
  assert.ok(!site.replication.done.includes('discardServer'));
  assert.ok(site.replication.exports.has(machineID));
  site.host.isFillingIn = false;
  await untilDiscarded(site, sourceServerID);
  assert.ok(!site.host.done.includes(`terminateMachine ${machineID}`));
  assert.ok(site.host.machines.has(machineID));
  assert.equal(site.replication.exports.size, 0);
});

test('a machine that was launched, and could not be started yet, is filled in as well', async (t) => {
  const site = await startTestSite(t);
  const { sourceServerID, machineID } = await cutOver(site);
  die(site, machineID, null);
  site.host.isFillingIn = true;
  await site.plane.api.mgn('FinalizeCutover', { sourceServerID });
  await untilAsked(site, `hydrateMachine ${machineID}`);
  site.host.isFillingIn = false;
  await untilDiscarded(site, sourceServerID);
  assert.ok(!site.host.done.includes(`terminateMachine ${machineID}`));
  assert.equal(site.host.machines.get(machineID)?.status.hydration.state, 'COMPLETE');
});

test('a machine that was launched and is missing from its host keeps the staging', async (t) => {
  const site = await startTestSite(t);
  const { sourceServerID, machineID } = await cutOver(site);
  const machine = site.host.machines.get(machineID);
  assertThat(machine !== undefined, 'it was launched');
  site.host.machines.delete(machineID);
  let asked = 0;
  site.host.onCommand = (name) => {
    if (name === 'describeMachine') asked += 1;
  };
  await site.plane.api.mgn('FinalizeCutover', { sourceServerID });
  await waitFor(
    'it to be asked for again',
    () => asked,
    (times) => times >= TIMES_ASKED,
  );
  assert.ok(!site.replication.done.includes('discardServer'));
  site.host.machines.set(machineID, machine);
  await untilDiscarded(site, sourceServerID);
  assert.ok(!site.host.done.includes(`terminateMachine ${machineID}`));
});

for (const state of ['unknown to its launch host', 'not converted', 'not to be converted'] as const) {
  test(`a machine that is ${state} and never ran is ended, and the staging given back`, async (t) => {
    const site = await startTestSite(t);
    const { sourceServerID, machineID } = await cutOver(site);
    await abandon(site, sourceServerID, machineID);
    const machine = site.host.machines.get(machineID);
    assertThat(machine !== undefined, 'it was launched');
    if (state === 'unknown to its launch host') site.host.machines.delete(machineID);
    if (state === 'not to be converted') die(site, machineID, null);
    if (state === 'not converted') {
      site.host.isFrozen = true;
      machine.status = { ...machine.status, phase: 'CONVERTING', startedAtMs: null };
    }
    await site.plane.api.mgn('DisconnectFromService', { sourceServerID });
    await untilDiscarded(site, sourceServerID);
    assert.ok(site.host.done.includes(`terminateMachine ${machineID}`));
    assert.equal(site.host.machines.size, 0);
    assert.equal(site.replication.exports.size, 0);
  });
}
