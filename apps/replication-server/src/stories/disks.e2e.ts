/**
 * Disks of a running server that grow, join, shrink and leave: real processes over loop devices. Each
 * recovery point has the disks of its moment, as large as they were. Run as root: `node --test
 * disks.e2e.ts`.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { open, truncate } from 'node:fs/promises';
import { afterEach, beforeEach, test } from 'node:test';
import type { RecoveryPoint } from '@landfall/model';
import { MIB, run, runChecked } from '@landfall/runtime';
import { unmount } from '../testing/linux-unmount.ts';
import { type ExportedDisk, TestRig, until } from '../testing/test-rig.ts';

let rig: TestRig;

beforeEach(async () => {
  rig = await TestRig.create();
});

afterEach(async () => {
  await rig.close();
});

/** Disks without file systems: nothing but the test writes to them. */
async function startReplicating(sizesMib: readonly number[]): Promise<void> {
  for (const [index, sizeMib] of sizesMib.entries()) {
    await unmount(await rig.addDisk(sizeMib));
    await writeAt(index, MIB);
  }
  await rig.startServer();
  await rig.installAgent();
  rig.pair();
  await rig.startAgent();
  await until('replication is continuous', () => state() === 'CONTINUOUS');
}

function state(): string | undefined {
  return rig.agentReport()?.replication.state;
}

function changes(): readonly string[] {
  return (rig.agentReport()?.replication.diskChanges ?? []).map(({ kind, diskId }) => `${kind} ${diskId}`);
}

async function writeAt(index: number, offsetBytes: number): Promise<void> {
  const file = await open(rig.disks[index]?.deviceName ?? '', 'r+');
  await file.write(randomBytes(256 * 1024), 0, 256 * 1024, offsetBytes);
  await file.sync();
  await file.close();
}

async function resize(index: number, sizeMib: number): Promise<void> {
  await truncate(rig.path(`disk-${index}.img`), sizeMib * MIB);
  await runChecked(['losetup', '--set-capacity', rig.disks[index]?.deviceName ?? '']);
}

async function settledPoint(what: string): Promise<RecoveryPoint> {
  await until(what, () => changes().includes(what) && state() === 'CONTINUOUS');
  return rig.takeRecoveryPoint();
}

async function untilCheckpoint(): Promise<void> {
  await until('a restart needs no comparison', () => rig.agentRestart() === 'needs no comparison');
}

async function exportAt(point: RecoveryPoint): Promise<readonly ExportedDisk[]> {
  return rig.openExport(point.epoch);
}

function sizesOf(disks: readonly ExportedDisk[]): readonly string[] {
  return disks.map(({ diskId, sizeBytes }) => `${diskId} ${sizeBytes / MIB}`);
}

async function assertEqual(disk: ExportedDisk | undefined, image: string): Promise<void> {
  const formats = ['-T', 'none', '-f', 'raw', '-F', 'raw'];
  const compared = await run(['qemu-img', 'compare', ...formats, image, disk?.nbdUri ?? ''], {
    timeoutMs: 120_000,
  });
  assert.equal(compared.exitCode, 0, `${disk?.diskId}: ${compared.stdout}${compared.stderr}`);
}

test('a disk that grows and then shrinks is followed, and every point keeps its size and content', async () => {
  await startReplicating([48, 32]);
  const first = await rig.takeRecoveryPoint();
  await runChecked(['cp', rig.path('disk-0.img'), rig.path('first.img')]);
  await untilCheckpoint();
  await resize(0, 64);
  await writeAt(0, 60 * MIB);
  const grown = await settledPoint('GROWN disk-0');
  assert.ok(
    rig.agentLogSays(/"comparison-needed".*disk-0 is not the disk it was|checkpoint-withdrawn.*disk-0/),
  );
  await runChecked(['cp', rig.path('disk-0.img'), rig.path('grown.img')]);
  await resize(0, 40);
  await writeAt(0, 39 * MIB);
  const shrunk = await settledPoint('SHRUNK disk-0');
  assert.deepEqual(sizesOf(await exportAt(first)), ['disk-0 48', 'disk-1 32']);
  assert.deepEqual(sizesOf(await exportAt(grown)), ['disk-0 64', 'disk-1 32']);
  assert.deepEqual(sizesOf(await exportAt(shrunk)), ['disk-0 40', 'disk-1 32']);
  await assertEqual((await exportAt(first))[0], rig.path('first.img'));
  await assertEqual((await exportAt(grown))[0], rig.path('grown.img'));
  await assertEqual((await exportAt(shrunk))[0], rig.path('disk-0.img'));
  await rig.killServer();
  rig.plane.reports.delete(rig.serverId);
  await rig.startServer();
  await rig.untilServerReady();
  await assertEqual((await exportAt(grown))[0], rig.path('grown.img'));
});

test('a disk joins a server that has recovery points, one leaves and comes back; the numbers go on', async () => {
  await startReplicating([48, 32]);
  const before = await rig.takeRecoveryPoint();
  await rig.killAgent('SIGTERM');
  await unmount(await rig.addDisk(40));
  await writeAt(2, 20 * MIB);
  rig.plane.reports.delete(rig.agentId);
  await rig.installAgent();
  rig.pair();
  await rig.startAgent();
  const hasThree = () => rig.agentReport()?.replication.disks.length === 3 && state() === 'CONTINUOUS';
  await until('three disks are replicated', hasThree);
  const isJoined = () => rig.serverLogSays('journal-disks-changed', 2);
  await until('the added disk has joined', isJoined);
  await untilCheckpoint();
  await rig.killAgent();
  await writeAt(2, 35 * MIB);
  await rig.startAgent();
  await until('the agent goes on', () => rig.agentLogSays(/"resumed-without-comparison"/));
  await until('replication is continuous again', () => state() === 'CONTINUOUS');
  const joined = await rig.takeRecoveryPoint();
  assert.ok(joined.epoch > before.epoch);
  assert.deepEqual(sizesOf(await exportAt(before)), ['disk-0 48', 'disk-1 32']);
  assert.deepEqual(sizesOf(await exportAt(joined)), ['disk-0 48', 'disk-1 32', 'disk-2 40']);
  await assertEqual((await exportAt(joined))[2], rig.path('disk-2.img'));
  await rig.killAgent('SIGTERM'); // A loop device in use stays until it is let go.
  await runChecked(['losetup', '--detach', rig.disks[1]?.deviceName ?? '']);
  await rig.startAgent();
  await until('the agent is stalled', () => state() === 'STALLED');
  assert.match(rig.agentReport()?.replication.error?.rawError ?? '', /DISK_VANISHED: disk-1 .*exclude-disk/);
  rig.exclude(['disk-1']);
  const without = await settledPoint('EXCLUDED disk-1');
  assert.deepEqual(sizesOf(await exportAt(without)), ['disk-0 48', 'disk-2 40']);
  await writeAt(2, 30 * MIB);
  const later = await rig.takeRecoveryPoint();
  await assertEqual((await exportAt(later))[1], rig.path('disk-2.img'));
  await rig.attachAgain(1);
  await writeAt(1, 9 * MIB);
  rig.exclude([]);
  const back = await settledPoint('INCLUDED disk-1');
  assert.deepEqual(sizesOf(await exportAt(back)), ['disk-0 48', 'disk-1 32', 'disk-2 40']);
  await assertEqual((await exportAt(back))[1], rig.path('disk-1.img'));
});

test('disks that change during the first copy begin it again', async () => {
  await startReplicating([200]);
  await rig.killAgent();
  await rig.killServer();
  await runChecked(['rm', '-rf', rig.path('staging')]);
  await runChecked(['mkdir', rig.path('staging')]);
  await rig.startServer();
  await until('the journal is there', () => rig.serverReport()?.servers.length === 1);
  await resize(0, 210);
  rig.plane.reports.delete(rig.agentId);
  await rig.startAgent();
  await until('replication is continuous', () => state() === 'CONTINUOUS');
  const point = await rig.takeRecoveryPoint();
  assert.deepEqual(sizesOf(await exportAt(point)), ['disk-0 210']);
  await assertEqual((await exportAt(point))[0], rig.path('disk-0.img'));
});
