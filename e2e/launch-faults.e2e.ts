/**
 * What goes wrong in a launch, as a whole job that somebody sees through the API: no room for the overlay, an
 * appliance that dies, one that hangs. Each ends with a reason and what to do, leaves nothing, and the launch
 * after it succeeds without a byte of the replica being copied again.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { cleanUpAfter } from '../apps/control-plane/src/testing/clean-up.ts';
import { runChecked } from '../packages/runtime/src/index.ts';
import { CONVERTS, LaunchBed, machineProcesses, VIEW_BYTES } from './launch-bed.ts';
import { inOwnNamespaces } from './own-namespaces.ts';

const TIMEOUT_MS = 30 * 60_000;
/** A quarter of an hour of waiting for an appliance takes two seconds. */
const HASTE = { LANDFALL_TEST_HASTE: '450' };

inOwnNamespaces(
  import.meta.filename,
  {
    ...{ title: 'launches in namespaces of their own', variable: 'LANDFALL_TEST_LAUNCH_FAULTS' },
    ...{ namespaces: ['--mount', '--propagation', 'private'], timeoutMs: TIMEOUT_MS },
  },
  () => {
    test('launches that fail, and those after them', { timeout: TIMEOUT_MS }, failAndLaunchAgain);
  },
);

async function failAndLaunchAgain(t: TestContext): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lf-'));
  cleanUpAfter(t, () => rm(folder, { recursive: true, force: true }));
  const bed = await LaunchBed.make(t, folder);
  const before = await bed.replicaHash();

  await t.test('no room for the overlay: the job says how much is free and how much is needed', async () => {
    const machines = join(bed.hostStateDir, 'machines');
    await runChecked(['mount', '-t', 'tmpfs', '-o', 'size=64M', 'tmpfs', machines]);
    cleanUpAfter(t, () => runChecked(['umount', '--lazy', machines]));
    const jobID = await failsWith(
      bed,
      /^OVERLAY_NO_SPACE: 6\d\S* MiB are free in .*needs at least 512\.0 MiB/,
    );
    assert.match(
      (await bed.logOf(jobID)).find(({ event }) => event === 'LAUNCH_FAILED')?.rawError ?? '',
      /free/,
    );
    await runChecked(['mount', '-o', 'remount,size=2G', machines]);
    await launchesAgain(bed);
  });

  await t.test('an appliance that dies is tried three times, then the job says that it failed', async () => {
    await answer(bed, [{ pattern: '^-pread-device', dies: true }, ...CONVERTS]);
    const began = await runs(bed);
    await failsWith(bed, /^APPLIANCE_FAILED: .*the appliance ended/);
    assert.equal((await runs(bed)) - began, 3);
    await answer(bed, CONVERTS);
    await launchesAgain(bed);
  });

  await t.test('an appliance that hangs is ended at its time with all it started', async () => {
    await answer(bed, [{ pattern: '^-pread-device', hangs: true }, ...CONVERTS]);
    await bed.killHost();
    await bed.startHost(HASTE);
    await failsWith(bed, /^APPLIANCE_\w+: .*did not end within 900000 ms/);
    await bed.killHost();
    await answer(bed, CONVERTS);
    await bed.startHost();
    await launchesAgain(bed);
  });

  assert.equal(await bed.replicaHash(), before, 'the replica is what it was');
}

/** The launch ends as FAILED, says why in the words of its fault, and leaves nothing behind. */
async function failsWith(bed: LaunchBed, reason: RegExp): Promise<string> {
  const jobID = await bed.launch();
  const { launchStatus } = await bed.untilJobEnds(jobID);
  const log = await bed.logOf(jobID);
  assert.equal(launchStatus, 'FAILED', JSON.stringify(log));
  const failure = log.find(({ event }) => event === 'CONVERSION_FAIL');
  assert.match(failure?.rawError ?? '', reason);
  assert.deepEqual(
    log.slice(-3).map(({ event }) => event),
    ['CONVERSION_FAIL', 'LAUNCH_FAILED', 'JOB_END'],
  );
  assert.deepEqual(await bed.machineFolders(), []);
  assert.deepEqual(await machineProcesses(), []);
  return jobID;
}

/**
 * The same again, now that it can: of the replica nothing is copied, neither by replication, which has the
 * view as it was, nor by the launch, whose overlay holds nothing until the guest writes.
 */
async function launchesAgain(bed: LaunchBed): Promise<void> {
  const [commands, readBefore] = [bed.replicationCommands.length, await bed.view.bytesRead()];
  const jobID = await bed.launch();
  const { launchStatus } = await bed.untilJobEnds(jobID);
  assert.equal(launchStatus, 'LAUNCHED', JSON.stringify(await bed.logOf(jobID)));
  await bed.untilGuestSays('.');
  const asked = bed.replicationCommands.slice(commands);
  assert.deepEqual([...new Set(asked)].sort(), ['openExport'], 'a view is all that is asked of replication');
  assert.equal(await bytesInOverlay(bed), 0, 'the overlay has nothing of the view');
  const readBytes = (await bed.view.bytesRead()) - readBefore;
  assert.ok(readBytes >= VIEW_BYTES, 'what the guest reads is counted');
  assert.ok(readBytes < 1.5 * VIEW_BYTES, `read by the guest, once, and by nobody else: ${readBytes} bytes`);
  await bed.terminate();
  assert.deepEqual(await bed.machineFolders(), []);
}

async function bytesInOverlay(bed: LaunchBed): Promise<number> {
  const [machineId = ''] = await bed.machineFolders();
  const overlay = join(bed.hostStateDir, 'machines', machineId, 'overlay-disk-0.qcow2');
  const { stdout } = await runChecked(['qemu-img', 'map', '-U', '--output=json', overlay]);
  const extents: readonly { readonly length: number; readonly depth: number }[] = JSON.parse(stdout);
  return extents.filter(({ depth }) => depth === 0).reduce((sum, { length }) => sum + length, 0);
}

async function answer(bed: LaunchBed, answers: typeof CONVERTS): Promise<void> {
  await writeFile(join(bed.appliance.folder, 'answers'), JSON.stringify(answers));
}

async function runs(bed: LaunchBed): Promise<number> {
  const lines = (await readFile(join(bed.appliance.folder, 'lines'), 'latin1')).split('\n');
  return lines.filter((line) => line === '-run').length;
}
