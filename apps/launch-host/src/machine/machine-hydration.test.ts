import assert from 'node:assert/strict';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { MachineSpecification } from '@landfall/channel';
import { inspectImage } from '@landfall/launch';
import { GIB, MIB, runChecked } from '@landfall/runtime';
import { runningRecord, SimulatedHost, simulatedServices } from '../simulated-host.testing.ts';
import { Machine } from './machine.ts';
import { overlayName } from './machine-context.ts';
import type { MachineRecord } from './machine-record.ts';

const MACHINE_ID = 'i-00000000000000001';
const DISK = {
  ...{ diskId: 'disk-0', deviceName: '/dev/sda', sizeBytes: GIB, isBootDisk: true },
  nbdUri: 'nbd+unix:///d?socket=/none',
};

async function machineIn(
  stateDir: string,
  host: SimulatedHost,
  disks: MachineSpecification['disks'],
  changes: Partial<MachineRecord> = {},
): Promise<Machine> {
  const services = await simulatedServices(stateDir, host);
  const record = runningRecord(MACHINE_ID);
  host.machines.set(MACHINE_ID, 'RUNNING');
  return new Machine(services, { ...record, ...changes, specification: { ...record.specification, disks } });
}

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lh-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('filling in that fails is given up, however often it is asked for, and begins anew after that', async (t) => {
  const host = new SimulatedHost();
  let errors = ['disk-0: READ_OR_WRITE_FAILED'];
  host.advanceHydration = async () => ({ disks: [], errors });
  const machine = await machineIn(await folderFor(t), host, []);
  let asked = 0;
  while ((await machine.hydrate(undefined)).hydration.state === 'RUNNING') {
    asked += 1;
    assert.ok(asked < 1000, 'it is not given up');
  }
  assert.equal(machine.status.hydration.state, 'FAILED');
  assert.equal(machine.status.error?.code, 'HYDRATION_FAILED');
  assert.equal((await machine.hydrate(undefined)).hydration.state, 'RUNNING');
  assert.equal(machine.status.error?.code, 'HYDRATION_FAILED', 'it is not better yet');
  errors = [];
  assert.equal((await machine.hydrate(undefined)).hydration.state, 'COMPLETE');
  assert.equal(machine.status.error, undefined);
});

test('a limit holds from the next look on, is told, and is kept across a restart of ours', async (t) => {
  const host = new SimulatedHost();
  const limits: (number | undefined)[] = [];
  host.advanceHydration = async ({ bandwidthBytesPerSecond }) => {
    limits.push(bandwidthBytesPerSecond);
    return { disks: [], errors: ['disk-0: still at it'] };
  };
  const folder = await folderFor(t);
  const machine = await machineIn(folder, host, []);
  assert.equal((await machine.hydrate(50 * MIB)).hydration.bytesPerSecondMax, 50 * MIB);
  await machine.refresh();
  assert.equal((await machine.hydrate(MIB)).hydration.bytesPerSecondMax, MIB);
  const services = await simulatedServices(folder, host);
  const [record] = await services.store.loadAll();
  assert.ok(record !== undefined);
  const again = new Machine(services, record);
  await again.refresh();
  const lifted = (await again.hydrate(undefined)).hydration;
  assert.deepEqual([lifted.state, 'bytesPerSecondMax' in lifted], ['RUNNING', false]);
  assert.deepEqual(limits, [50 * MIB, 50 * MIB, MIB, MIB, undefined]);
});

test('H6: a disk that lost its view but was never flushed gets it back, and fills in what is missing', async (t) => {
  const stateDir = await folderFor(t);
  const host = new SimulatedHost();
  const attached: (string | undefined)[] = [];
  host.start = async ({ disks, machineId }) => {
    attached.push(...disks.map(({ nbdUri }) => nbdUri));
    host.machines.set(machineId, 'PAUSED');
  };
  let isFlushed = false;
  host.advanceHydration = async ({ disks: [disk] }) => {
    assert.ok(disk !== undefined);
    const ended = { hasBacking: false, hasViewNode: false, job: undefined };
    return { disks: [{ ...disk, ...ended, isFlushed }], errors: ['disk-0: killed'] };
  };
  const machine = await machineIn(stateDir, host, [DISK], { phase: 'STOPPED' });
  host.machines.clear();
  await mkdir(machine.folder, { recursive: true });
  const overlay = join(machine.folder, overlayName('disk-0'));
  await runChecked(['qemu-img', 'create', '-q', '-f', 'qcow2', overlay, String(GIB)]);
  await machine.hydrate(undefined);
  assert.deepEqual(attached.splice(0), [DISK.nbdUri]);
  assert.equal((await inspectImage(overlay)).hasBacking, true);
  // What is on record as flushed needs it no more.
  isFlushed = true;
  await machine.refresh();
  await runChecked(['qemu-img', 'rebase', '-q', '-u', '-f', 'qcow2', '-b', '', overlay]);
  host.machines.clear();
  const services = await simulatedServices(stateDir, host);
  const [record] = await services.store.loadAll();
  assert.ok(record !== undefined);
  assert.deepEqual(record.hydration.flushedDisks, ['disk-0']);
  await new Machine(services, record).refresh();
  assert.deepEqual(attached, [undefined]);
});

const skip = process.getuid?.() === 0 ? false : 'mounting a small file system needs root';

/** A file system of that size until `use` is over. */
async function withSmallDisk(
  t: TestContext,
  sizeBytes: number,
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await folderFor(t);
  await runChecked(['mount', '-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', folder]);
  try {
    await use(folder);
  } finally {
    await runChecked(['umount', folder]);
  }
}

/** The view of a disk that is mostly empty, and how much of it is not. */
async function writeView(path: string, dataBytes: number): Promise<void> {
  const view = await open(path, 'w');
  try {
    await view.write(Buffer.alloc(dataBytes, 7));
    await view.truncate(GIB);
  } finally {
    await view.close();
  }
}

test('disks for which there is no room are not begun, and begin when there is', { skip }, async (t) => {
  const view = join(await folderFor(t), 'view.raw');
  await withSmallDisk(t, 520 * MIB, async (stateDir) => {
    const host = new SimulatedHost();
    let begun = 0;
    host.advanceHydration = async () => {
      begun += 1;
      return { disks: [], errors: ['disk-0: still at it'] };
    };
    const machine = await machineIn(stateDir, host, [DISK]);
    await mkdir(machine.folder, { recursive: true });
    await writeView(view, 0);
    const overlay = join(machine.folder, overlayName('disk-0'));
    await runChecked(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', view, overlay]);
    // A view that cannot be asked may be full.
    for (const prepare of [() => rm(view), () => writeView(view, 20 * MIB)]) {
      await prepare();
      assert.equal((await machine.hydrate(undefined)).hydration.state, 'FAILED');
      assert.equal(machine.status.error?.code, 'OVERLAY_NO_SPACE');
      assert.equal(machine.status.phase, 'RUNNING');
      assert.equal(begun, 0);
    }
    // Only what is not empty takes room.
    await writeView(view, 4 * MIB);
    assert.equal((await machine.hydrate(undefined)).hydration.state, 'RUNNING');
    assert.equal(machine.status.error, undefined);
    assert.equal(begun, 1);
  });
});
