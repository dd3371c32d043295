/** When disks fill in by themselves, and what becomes of the view they fill in from. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Landfall } from '@landfall/api';
import type { MachineStatus } from '@landfall/channel';
import { assert as assertThat, MIB } from '@landfall/runtime';
import { shiftedClock } from '../testing/shifted-clock.ts';
import { startTestSite, type TestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';

/** Looks of the keeper, and then some. */
const A_WHILE = 3;
const HOUR_MS = 3_600_000;

interface CutOver {
  readonly sourceServerID: string;
  readonly machineID: string;
}

async function cutOver(site: TestSite, template: Landfall.LaunchTemplateData = {}): Promise<CutOver> {
  const { api } = site.plane;
  const { sourceServerId: sourceServerID } = await site.addAgent();
  await site.changeTemplate(sourceServerID, template);
  const lifeCycle = { state: 'READY_FOR_CUTOVER' } as const;
  await api.mgn('ChangeServerLifeCycleState', { sourceServerID, lifeCycle });
  await api.landfall('PutBootProofSchedule', { sourceServerID, proofBeforeCutover: false });
  await site.untilJobEnds((await api.mgn('StartCutover', { sourceServerIDs: [sourceServerID] })).job?.jobID);
  const machineID = (await site.server(sourceServerID)).launchedInstance?.ec2InstanceID ?? '';
  return { sourceServerID, machineID };
}

function hydrationOf({ host }: TestSite, machineID: string): MachineStatus['hydration'] | undefined {
  return host.machines.get(machineID)?.status.hydration;
}

function until(site: TestSite, machineID: string, state: MachineStatus['hydration']['state']) {
  return waitFor(
    `hydration ${state}`,
    () => hydrationOf(site, machineID),
    (hydration) => hydration?.state === state,
  );
}

function untilIndependent({ replication }: TestSite, machineID: string) {
  return waitFor(
    'the view to be closed',
    () => replication.exports.has(machineID),
    (isOpen) => !isOpen,
  );
}

/** The keeper has looked several times: it asked for the machine of somebody else again and again. */
async function forAWhile(site: TestSite): Promise<void> {
  const { machineID } = await cutOver(site);
  site.host.hasNoRoom = true;
  const before = site.host.done.length;
  const asked = () =>
    site.host.done.slice(before).filter((done) => done === `hydrateMachine ${machineID}`).length;
  const machine = site.host.machines.get(machineID);
  assertThat(machine !== undefined, 'it was launched');
  for (let times = 1; times <= A_WHILE; times += 1) {
    const { status } = machine;
    machine.status = { ...status, hydration: { ...status.hydration, state: 'FAILED' } };
    await waitFor('the keeper to look', asked, (count) => count >= times);
  }
}

test('disks of a cutover fill in by themselves within the limit; then the view is closed', async (t) => {
  const site = await startTestSite(t);
  site.host.isFillingIn = true;
  const { sourceServerID, machineID } = await cutOver(site, { hydrationBytesPerSecondMax: 50 * MIB });
  const begun = await until(site, machineID, 'RUNNING');
  assert.equal(begun?.bytesPerSecondMax, 50 * MIB);
  assert.ok(site.replication.exports.has(machineID), 'it is needed until the disks are complete');
  site.host.isFillingIn = false;
  await site.plane.restart();
  const machine = site.host.machines.get(machineID);
  assertThat(machine !== undefined, 'it was launched');
  // As the launch host goes on by itself.
  const { status } = machine;
  const { totalBytes } = status.hydration;
  const hydration = { ...status.hydration, state: 'COMPLETE', doneBytes: totalBytes } as const;
  machine.status = { ...status, hydration, revision: status.revision + 1 };
  await untilIndependent(site, machineID);
  const { items } = await site.plane.api.landfall('DescribeLaunchedMachines', { machineIDs: [machineID] });
  assert.deepEqual(
    [items[0]?.phase, items[0]?.hydration.state, items[0]?.hydration.bytesPerSecondMax],
    ['RUNNING', 'COMPLETE', 50 * MIB],
  );
  // Nothing is left to wait for.
  const told = site.host.done.filter((done) => done.startsWith('hydrateMachine')).length;
  await site.plane.api.mgn('FinalizeCutover', { sourceServerID });
  await waitFor(
    'the staging to be given back',
    () => site.plane.api.landfall('DescribeReplication', { sourceServerID }),
    ({ stagingDiscarded }) => stagingDiscarded,
  );
  assert.equal(site.host.done.filter((done) => done.startsWith('hydrateMachine')).length, told);
  assert.ok(!site.host.done.includes(`terminateMachine ${machineID}`));
});

test('a guest boots before its disks fill in, but for one that somebody asks for', async (t) => {
  const clock = shiftedClock();
  const site = await startTestSite(t, { clock, bootGraceMs: HOUR_MS });
  const asked = await cutOver(site);
  const left = await cutOver(site);
  await site.plane.api.landfall('HydrateMachine', { machineID: asked.machineID });
  await untilIndependent(site, asked.machineID);
  assert.equal(hydrationOf(site, left.machineID)?.state, 'NOT_STARTED');
  await site.plane.restart();
  clock.shiftMs += HOUR_MS;
  await untilIndependent(site, left.machineID);
  assert.equal(hydrationOf(site, left.machineID)?.state, 'COMPLETE');
});

test('a wish survives a control plane that is cut off before the launch host heard of it', async (t) => {
  const site = await startTestSite(t);
  site.host.hasNoRoom = true;
  const { machineID } = await cutOver(site);
  let cutOff = 0;
  site.host.onCommand = async (name) => {
    if (name !== 'hydrateMachine' || cutOff > 0) return;
    cutOff += 1;
    await site.plane.restart();
  };
  site.host.hasNoRoom = false;
  await untilIndependent(site, machineID);
  assert.equal(cutOff, 1);
  assert.equal(hydrationOf(site, machineID)?.state, 'COMPLETE');
});

test('neither a test nor a cutover AT_FINALIZE fills in by itself', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const later = await cutOver(site, { hydrationStart: 'AT_FINALIZE', hydrationBytesPerSecondMax: MIB });
  const { sourceServerId: sourceServerID } = await site.addAgent();
  const { job } = await api.landfall('StartLaunch', { sourceServerID, purpose: 'TEST' });
  await site.untilJobEnds(job.jobID);
  const { items } = await api.landfall('DescribeLaunchedMachines', { sourceServerIDs: [sourceServerID] });
  const tested = items[0]?.machineID ?? '';
  await forAWhile(site);
  assert.equal(hydrationOf(site, later.machineID)?.state, 'NOT_STARTED');
  assert.equal(hydrationOf(site, tested)?.state, 'NOT_STARTED');
  // Finalized, it fills in within its limit.
  site.host.hasNoRoom = false;
  site.host.isFillingIn = true;
  await api.mgn('FinalizeCutover', { sourceServerID: later.sourceServerID });
  assert.equal((await until(site, later.machineID, 'RUNNING'))?.bytesPerSecondMax, MIB);
  await api.landfall('HydrateMachine', { machineID: later.machineID, bytesPerSecondMax: 2 * MIB });
  await waitFor(
    'another limit, kept by the retirement as well',
    () => hydrationOf(site, later.machineID)?.bytesPerSecondMax,
    (limit) => limit === 2 * MIB,
  );
});

test('no room fails no launch: it is told with what to do, and begins when there is room', async (t) => {
  const site = await startTestSite(t);
  site.host.hasNoRoom = true;
  const { machineID } = await cutOver(site);
  await until(site, machineID, 'FAILED');
  // The launch host's next report tells it.
  const { items } = await waitFor(
    'what is wrong to be told',
    () => site.plane.api.landfall('DescribeLaunchedMachines', { machineIDs: [machineID] }),
    ({ items: [machine] }) => machine?.error !== undefined,
  );
  assert.equal(items[0]?.phase, 'RUNNING');
  assert.equal(items[0]?.error?.code, 'OVERLAY_NO_SPACE');
  assert.equal(items[0]?.error?.hint, 'free space on the launch host');
  site.host.hasNoRoom = false;
  await untilIndependent(site, machineID);
  const after = await site.plane.api.landfall('DescribeLaunchedMachines', { machineIDs: [machineID] });
  assert.equal(after.items[0]?.error, undefined);
});

test('a cutover that died while its disks fill in keeps its view until they are complete', async (t) => {
  const site = await startTestSite(t);
  site.host.isFillingIn = true;
  const { machineID } = await cutOver(site);
  await until(site, machineID, 'RUNNING');
  const machine = site.host.machines.get(machineID);
  assertThat(machine !== undefined, 'it was launched');
  const { status } = machine;
  const error = { code: 'MACHINE_DIED', message: 'QEMU ended by itself' };
  machine.status = { ...status, phase: 'FAILED', error, revision: status.revision + 1 };
  await forAWhile(site);
  assert.ok(site.replication.exports.has(machineID));
  assert.ok(site.host.machines.has(machineID));
  site.host.hasNoRoom = false;
  site.host.isFillingIn = false;
  const { api } = site.plane;
  await api.landfall('HydrateMachine', { machineID });
  await untilIndependent(site, machineID);
  assert.equal(hydrationOf(site, machineID)?.state, 'COMPLETE');
});
