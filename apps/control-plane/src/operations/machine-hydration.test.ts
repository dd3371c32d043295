import assert from 'node:assert/strict';
import test from 'node:test';
import type { Landfall } from '@landfall/api';
import { MIB } from '@landfall/runtime';
import { findMachine } from '../store/machines.ts';
import { startTestSite, type TestSite } from '../testing/test-site.ts';
import { addTestUser } from '../testing/test-users.ts';
import { waitFor } from '../testing/wait-for.ts';

async function launchTest(site: TestSite, template: Landfall.LaunchTemplateData = {}): Promise<string> {
  const { api } = site.plane;
  const { sourceServerId: sourceServerID } = await site.addAgent();
  await site.changeTemplate(sourceServerID, template);
  const { job } = await api.landfall('StartLaunch', { sourceServerID, purpose: 'TEST' });
  await site.untilJobEnds(job.jobID);
  const { items } = await api.landfall('DescribeLaunchedMachines', { sourceServerIDs: [sourceServerID] });
  return items[0]?.machineID ?? '';
}

test('disks of a test fill in when that is asked for, as often as it is, within a limit that can change', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const machineID = await launchTest(site, { hydrationBytesPerSecondMax: 10 * MIB });
  site.host.isFillingIn = true;
  const inForce = () => site.host.machines.get(machineID)?.status.hydration.bytesPerSecondMax;
  const { machine } = await api.landfall('HydrateMachine', { machineID });
  assert.deepEqual([machine.machineID, machine.hydration.state], [machineID, 'RUNNING']);
  assert.deepEqual([machine.hydration.bytesPerSecondMax, inForce()], [10 * MIB, 10 * MIB]);
  await api.landfall('HydrateMachine', { machineID });
  assert.equal(inForce(), 10 * MIB);
  const onRecord: unknown[] = [];
  site.host.onCommand = async (name) => {
    if (name !== 'hydrateMachine') return;
    const { db } = site.plane.current().service.store;
    onRecord.push((await findMachine(db, machineID))?.hydration?.bytesPerSecondMax);
  };
  const slower = await api.landfall('HydrateMachine', { machineID, bytesPerSecondMax: MIB });
  assert.deepEqual([slower.machine.hydration.bytesPerSecondMax, inForce()], [MIB, MIB]);
  const lifted = await api.landfall('HydrateMachine', { machineID, bytesPerSecondMax: 0 });
  assert.deepEqual([lifted.machine.hydration.bytesPerSecondMax, inForce()], [undefined, undefined]);
  assert.deepEqual([onRecord[0], onRecord.at(-1)], [MIB, null], 'nobody tells it the limit of before');
  site.host.onCommand = undefined;
  site.host.isFillingIn = false;
  await api.landfall('HydrateMachine', { machineID });
  await waitFor(
    'the view to be closed',
    () => site.replication.exports.has(machineID),
    (isOpen) => !isOpen,
  );
  await assert.rejects(api.landfall('HydrateMachine', { machineID }), {
    name: 'ConflictException',
    message: /depends on nothing any more: its disks are complete/,
  });
});

test('a machine that is gone, converted, unknown or unknown to its launch host is not filled in', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const hydrate = (machineID: string) => api.landfall('HydrateMachine', { machineID });
  await assert.rejects(hydrate('i-00000000000000000'), { name: 'ResourceNotFoundException' });
  const machineID = await launchTest(site);
  const machine = site.host.machines.get(machineID);
  assert.ok(machine !== undefined);
  const running = machine.status;
  machine.status = { ...running, phase: 'CONVERTING', startedAtMs: null, revision: running.revision + 1 };
  site.host.isFrozen = true;
  const isTold = (phase: string) =>
    waitFor(
      `phase ${phase}`,
      () => api.landfall('DescribeLaunchedMachines', { machineIDs: [machineID] }),
      ({ items }) => items[0]?.phase === phase,
    );
  await isTold('CONVERTING');
  const conflict = (message: RegExp) => ({ name: 'ConflictException', message });
  await assert.rejects(hydrate(machineID), conflict(/no disks of its own yet: it is being converted/));
  machine.status = { ...running, revision: running.revision + 2 };
  await isTold('RUNNING');
  site.host.machines.delete(machineID);
  await assert.rejects(hydrate(machineID), conflict(/no machine i-/));
  const known = await findMachine(site.plane.current().service.store.db, machineID);
  assert.equal(known?.hydration?.isWanted, false, 'what was refused is not wanted');
  site.host.machines.set(machineID, machine);
  await assert.rejects(api.landfall('HydrateMachine', { machineID, bytesPerSecondMax: 50 }), {
    name: 'ValidationException',
    message: /bytesPerSecondMax: must be at least 65536/,
  });
  site.host.isFrozen = false;
  const { items } = await api.landfall('DescribeLaunchedMachines', { machineIDs: [machineID] });
  const sourceServerID = items[0]?.sourceServerID ?? '';
  const sourceServerIDs = [sourceServerID];
  const lifeCycle = { state: 'READY_FOR_TEST' } as const;
  await api.mgn('ChangeServerLifeCycleState', { sourceServerID, lifeCycle });
  const { job } = await api.mgn('TerminateTargetInstances', { sourceServerIDs });
  await site.untilJobEnds(job?.jobID);
  await assert.rejects(hydrate(machineID), conflict(/was terminated, and its disks are gone/));
});

test('filling in can be allowed for one machine, and is in the audit log', async (t) => {
  const site = await startTestSite(t);
  const machineID = await launchTest(site);
  const Resource = `arn:aws:landfall:*:*:machine/${machineID}`;
  const statement = { Effect: 'Allow', Action: 'landfall:HydrateMachine', Resource };
  const { api } = await addTestUser(site.plane, {
    userName: 'filler',
    statements: [statement],
  });
  await api.landfall('HydrateMachine', { machineID });
  await assert.rejects(api.landfall('HydrateMachine', { machineID: 'i-00000000000000000' }), {
    name: 'AccessDeniedException',
  });
  const outcomes = await waitFor(
    'both calls in the audit log',
    async () => {
      const { items } = await site.plane.api.landfall('ListAuditEvents', {});
      return items.filter(({ action }) => action === 'landfall:HydrateMachine').map(({ outcome }) => outcome);
    },
    ({ length }) => length >= 2,
  );
  assert.deepEqual(outcomes.toSorted(), ['AccessDeniedException', 'SUCCESS']);
});
