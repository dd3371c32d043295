import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { link, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type LaunchRequest, REPORT_LOG } from '@landfall/launch';
import { runningRecord, SimulatedHost, simulatedServices } from '../simulated-host.testing.ts';
import { Machine } from './machine.ts';
import { expectedOutcomes } from './post-launch-outcomes.ts';

const MACHINE_ID = 'i-00000000000000001';
const SCRIPT = {
  ...{ actionId: 'action-1', name: 'one', script: '#!/bin/sh\n', order: 1, timeoutSeconds: 60 },
  ...{ parameters: { key: 'sea and secrets' }, mustSucceed: false },
};

/** A machine that was started with its disk of scripts. */
async function startedMachine(t: TestContext) {
  const stateDir = await mkdtemp(join(tmpdir(), 'lh-'));
  t.after(() => rm(stateDir, { recursive: true, force: true }));
  const host = new SimulatedHost();
  const given: LaunchRequest['scriptsDiskPath'][] = [];
  host.start = async ({ machineId, scriptsDiskPath }) => {
    given.push(scriptsDiskPath);
    host.machines.set(machineId, 'RUNNING');
  };
  const services = await simulatedServices(stateDir, host);
  const record = runningRecord(MACHINE_ID);
  const specification = { ...record.specification, postLaunchScripts: [SCRIPT] };
  const postLaunch = expectedOutcomes(specification);
  const machine = new Machine(services, { ...record, specification, postLaunch, phase: 'STARTING' });
  await mkdir(machine.folder, { recursive: true });
  machine.resume();
  await machine.settled();
  const [path] = given.splice(0);
  assert.ok(path !== undefined);
  const told = { actionId: 'action-1', exitCode: 0, startedAtMs: 1, endedAtMs: 2, output: '' };
  const line = `landfall-action ${JSON.stringify({ ...told, state: 'SUCCEEDED' })}\n`;
  return {
    ...{ host, machine, path, given },
    endScripts: () => writeFile(join(machine.folder, REPORT_LOG), line),
    isEmpty: async () => (await readFile(path)).every((byte) => byte === 0),
  };
}

test('the disk of scripts is emptied when they have ended and nothing has it, and goes at the next start', async (t) => {
  const { host, machine, path, given, endScripts, isEmpty } = await startedMachine(t);
  const { length } = await readFile(path);
  await endScripts();
  assert.equal((await machine.refresh()).postLaunch?.[0]?.state, 'SUCCEEDED');
  assert.equal(await isEmpty(), false, 'the machine has it');
  host.machines.set(MACHINE_ID, 'POWERED_OFF');
  assert.equal((await machine.refresh()).phase, 'STOPPED');
  assert.equal(await isEmpty(), true);
  assert.equal((await readFile(path)).length, length, 'what is kept of the machine elsewhere may name it');
  const { revision } = await machine.refresh();
  assert.equal((await machine.refresh()).revision, revision, 'it is done once');
  await machine.power({ machineId: MACHINE_ID, action: 'START', forced: false });
  await machine.settled();
  assert.deepEqual([given, existsSync(path)], [[undefined], false]);
});

test('scripts that have not ended stay on their disk, and so do those of a machine that is still there', async (t) => {
  const { host, machine, isEmpty, endScripts } = await startedMachine(t);
  host.machines.set(MACHINE_ID, 'POWERED_OFF');
  assert.equal((await machine.refresh()).phase, 'STOPPED');
  assert.equal(await isEmpty(), false);
  await endScripts();
  host.machines.set(MACHINE_ID, 'PAUSED');
  await machine.refresh();
  assert.equal(await isEmpty(), false);
  host.machines.clear();
  await machine.refresh();
  assert.equal(await isEmpty(), true);
});

test('nothing of the scripts is left of a machine that is terminated before they have ended', async (t) => {
  const { machine, path, isEmpty } = await startedMachine(t);
  const copy = join(machine.folder, '../../same-file');
  await link(path, copy);
  assert.equal(await isEmpty(), false);
  await machine.terminate();
  assert.equal(existsSync(path), false);
  assert.ok((await readFile(copy)).every((byte) => byte === 0));
});
