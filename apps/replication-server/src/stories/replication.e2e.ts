/**
 * Agent and replication server as real processes over real disks: what is written to the source is what comes
 * out of NBD, whatever is killed or cut off in between. Run as root: `node --test replication.e2e.ts`.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { decodeEnrolmentToken, encodeEnrolmentToken } from '@landfall/channel';
import { MIB, run, runChecked, systemClock } from '@landfall/runtime';
import { unmount } from '../testing/linux-unmount.ts';
import { type ExportedDisk, TestRig, until } from '../testing/test-rig.ts';

let rig: TestRig;

beforeEach(async () => {
  rig = await TestRig.create();
});

afterEach(async () => {
  await rig.close();
});

async function startReplicating(sizesMib: readonly number[]): Promise<void> {
  for (const sizeMib of sizesMib) await rig.addDisk(sizeMib);
  await writeFiles(0, 20);
  await rig.startServer();
  await rig.installAgent();
  rig.pair();
  await rig.startAgent();
  await untilContinuous();
}

async function untilContinuous(): Promise<void> {
  await until(
    'replication is continuous',
    () => rig.agentReport()?.replication.state === 'CONTINUOUS',
    40_000,
  );
}

/** `count` files of random bytes on every disk, synced. */
async function writeFiles(round: number, count: number): Promise<void> {
  for (const disk of rig.disks) {
    for (let index = 0; index < count; index += 1) {
      const content = randomBytes(64 * 1024 + index * 997);
      await writeFile(join(disk.mountPoint, `file-${round}-${index}`), content);
    }
    await runChecked(['sync', '--file-system', disk.mountPoint]);
  }
}

async function unmountAll(): Promise<void> {
  for (const disk of rig.disks) await unmount(disk);
}

/** Every exported disk reads as its source disk does now: nothing writes to that any more. */
async function assertEqualToSource(exported: readonly ExportedDisk[]): Promise<void> {
  assert.equal(exported.length, rig.disks.length);
  for (const [index, disk] of exported.entries()) {
    const source = rig.disks[index]?.deviceName ?? '';
    // Past the page cache: an ext4 that was mounted there leaves blocks in it that it never wrote.
    const formats = ['-T', 'none', '-f', 'raw', '-F', 'raw'];
    const compared = await run(['qemu-img', 'compare', ...formats, source, disk.nbdUri], {
      timeoutMs: 300_000,
    });
    assert.equal(compared.exitCode, 0, `${disk.diskId}: ${compared.stdout}${compared.stderr}`);
  }
}

test('a server is copied, followed, and comes out of NBD as it was at a recovery point', async () => {
  await startReplicating([96, 64]);
  const early = await rig.takeRecoveryPoint();
  await writeFiles(1, 30);
  await unmountAll();
  const late = await rig.takeRecoveryPoint();
  assert.ok(late.epoch > early.epoch);
  const exported = await rig.openExport(late.epoch);
  await assertEqualToSource(exported);
  const [first] = exported;
  const info = await runChecked(['nbdinfo', '--json', first?.nbdUri ?? '']);
  assert.equal(JSON.parse(info.stdout).exports[0]['export-size'], 96 * MIB);
  const [earlier] = await rig.openExport(early.epoch);
  await runChecked([
    'qemu-img',
    'convert',
    '-f',
    'raw',
    '-O',
    'raw',
    earlier?.nbdUri ?? '',
    rig.path('early.img'),
  ]);
  const checked = await run(['e2fsck', '-f', '-y', rig.path('early.img')]);
  assert.ok((checked.exitCode ?? 9) <= 1, `the file system of the earlier point: ${checked.stdout}`);
  const files = await runChecked(['debugfs', '-R', 'ls -p /', rig.path('early.img')]);
  assert.ok(files.stdout.includes('file-0-0') && !files.stdout.includes('file-1-0'), 'it is the earlier one');
});

test('the agent killed in the middle begins again and ends equal, and older points stay', async () => {
  await startReplicating([96]);
  const before = await rig.takeRecoveryPoint();
  const writing = writeFiles(1, 60);
  await systemClock.sleep(150);
  await rig.killAgent();
  await writing;
  await writeFiles(2, 20);
  await rig.startAgent();
  await untilContinuousAnew();
  await unmountAll();
  const after = await rig.takeRecoveryPoint();
  await assertEqualToSource(await rig.openExport(after.epoch));
  assert.equal(
    (await rig.openExport(before.epoch)).length,
    1,
    'the point from before the kill is still there',
  );
});

test('the replication server killed in the middle loses nothing, and its exports come back', async () => {
  await startReplicating([96]);
  const before = await rig.takeRecoveryPoint();
  const exported = await rig.openExport(before.epoch);
  const hash = await hashOf(exported[0]);
  for (let round = 1; round <= 3; round += 1) {
    const writing = writeFiles(round, 40);
    await systemClock.sleep(200);
    await rig.killServer();
    await writing;
    await rig.startServer();
    await untilReportedAnew(rig.serverId);
  }
  await untilContinuousAnew();
  assert.equal(await hashOf(exported[0]), hash, 'the export is what it was, under the same name');
  await unmountAll();
  const after = await rig.takeRecoveryPoint();
  await assertEqualToSource(await rig.openExport(after.epoch));
});

test('without a control plane replication goes on, also after a restart of both', async () => {
  await startReplicating([64]);
  const before = rig.agentReport()?.replication.lastEpoch ?? 0;
  await rig.plane.stopListening();
  await Promise.all([rig.killAgent(), rig.killServer()]);
  await rig.startServer();
  await rig.startAgent();
  await writeFiles(1, 20);
  await systemClock.sleep(8000);
  await rig.plane.listen();
  await until('a report', () => (rig.agentReport()?.replication.lastEpoch ?? 0) > before);
  await untilContinuous();
  await unmountAll();
  const point = await rig.takeRecoveryPoint();
  await assertEqualToSource(await rig.openExport(point.epoch));
});

// A loop device does not go away while the agent has it open, so it goes while the agent is away;
// `replicator.test.ts` has the rest.
test('a disk that vanished is told by name, and replication goes on when it is back', async () => {
  await startReplicating([64, 64]);
  await unmountAll();
  await rig.killAgent();
  const lost = rig.disks[1];
  await runChecked(['losetup', '--detach', lost?.deviceName ?? '']);
  await rig.startAgent();
  await until('the agent is stalled', () => rig.agentReport()?.replication.state === 'STALLED');
  assert.match(rig.agentReport()?.replication.error?.rawError ?? '', /DISK_VANISHED: disk-1/);
  await rig.attachAgain(1);
  await untilContinuousAnew();
  const point = await rig.takeRecoveryPoint();
  await assertEqualToSource(await rig.openExport(point.epoch));
});

test('a server that is not assigned is refused, and accepted as soon as it is', async () => {
  await rig.addDisk(32);
  await rig.startServer();
  await rig.installAgent();
  rig.pair();
  rig.plane.configurations.set(rig.serverId, { servers: [] });
  await rig.startAgent();
  const isRefused = () =>
    rig.agentReport()?.replication.error?.rawError.includes('SERVER_NOT_ASSIGNED') === true;
  await until('the refusal is told', isRefused);
  rig.pair();
  await untilContinuous();
});

test('a full staging volume is told, loses nothing, and replication goes on with more space', async () => {
  await rig.limitStaging(200);
  await startReplicating([300]);
  const before = await rig.takeRecoveryPoint();
  const stalled = () => rig.serverReport()?.servers[0]?.stalled;
  for (let round = 1; round <= 2; round += 1) await writeFiles(round, 400);
  await until('the server is stalled', () => stalled() !== undefined);
  assert.equal(stalled()?.code, 'STAGING_FULL');
  const rawError = () => rig.agentReport()?.replication.error?.rawError ?? '';
  await until('the agent tells it too', () => rawError().includes('STAGING_FULL'));
  await rig.limitStaging(1000);
  await until('the server goes on', () => stalled() === undefined, 90_000);
  await unmountAll();
  const after = await rig.takeRecoveryPoint();
  await assertEqualToSource(await rig.openExport(after.epoch));
  assert.equal((await rig.openExport(before.epoch)).length, 1, 'the older point stays');
});

test('an installation that cannot be says why and what to do', async () => {
  await rig.addDisk(32);
  await rig.plane.stopListening();
  assert.match(await rig.failedInstall(rig.plane.token), /CONTROL_PLANE_UNREACHABLE.*check that/s);
  await rig.plane.listen();
  const token = decodeEnrolmentToken(rig.plane.token);
  const wrong = encodeEnrolmentToken({ ...token, secret: 'not-the-secret' });
  assert.match(await rig.failedInstall(wrong), /TOKEN_INVALID/);
  assert.match(await rig.failedInstall('lf_nonsense'), /TOKEN_MALFORMED.*copy the whole token/s);
  const [disk] = rig.disks;
  assert.ok(disk !== undefined);
  rig.disks[0] = { ...disk, deviceName: '/dev/no-such-disk' };
  const said = await rig.failedInstall(rig.plane.token);
  rig.disks[0] = disk;
  assert.match(said, /DISK_NOT_FOUND.*lsblk/s);
});

test('what is exported is not discarded; what is discarded frees its space', async () => {
  await startReplicating([64]);
  const point = await rig.takeRecoveryPoint();
  await rig.openExport(point.epoch, 'job-1');
  const discard = () => rig.plane.command(rig.serverId, 'discardServer', { sourceServerId: rig.agentId });
  await assert.rejects(discard(), { code: 'EXPORTS_OPEN' });
  await rig.plane.command(rig.serverId, 'closeExport', { exportId: 'job-1' });
  rig.pair('STOP');
  rig.plane.configurations.set(rig.serverId, { servers: [] });
  await until('replication has stopped', () => rig.agentReport()?.replication.state === 'STOPPED');
  const { freedBytes } = (await discard()) as { freedBytes: number };
  assert.ok(freedBytes > MIB, `${freedBytes} bytes freed`);
  assert.deepEqual(await readdir(rig.path('staging')), []);
  assert.deepEqual(await discard(), { freedBytes: 0 }, 'discarding again is nothing');
});

test('an agent that is to leave stops, says so, removes its state, and ends', async () => {
  await startReplicating([32]);
  rig.pair('UNINSTALL');
  assert.equal(await rig.agentExit(), 64);
  assert.equal(rig.agentReport()?.replication.state, 'DISCONNECTED');
  await assert.rejects(stat(rig.path('agent')), { code: 'ENOENT' });
  const instances = await readdir('/sys/kernel/tracing/instances');
  assert.deepEqual(
    instances.filter((name) => name.includes(rig.agentId)),
    [],
  );
});

test('a port that is taken ends the replication server with a clear message', async () => {
  await rig.startServer();
  await rig.untilServerReady();
  const second = await rig.runSecondServer();
  assert.equal(second.exitCode, 3);
  assert.match(second.stderr, /PORT_IN_USE: TCP port \d+ on 127\.0\.0\.1 is used/);
});

async function untilContinuousAnew(): Promise<void> {
  await untilReportedAnew(rig.agentId);
  await untilContinuous();
}

async function untilReportedAnew(programId: string): Promise<void> {
  const count = rig.plane.reports.get(programId)?.count ?? 0;
  await until(`${programId} reports again`, () => (rig.plane.reports.get(programId)?.count ?? 0) > count + 1);
}

async function hashOf(disk: ExportedDisk | undefined): Promise<string> {
  const image = rig.path('hashed.img');
  await runChecked(['qemu-img', 'convert', '-f', 'raw', '-O', 'raw', disk?.nbdUri ?? '', image]);
  const sum = await runChecked(['sha256sum', image]);
  return sum.stdout.slice(0, 64);
}

for (const [what, more, isSkipped] of [
  ['left out by default', [], true],
  ['sent when the installation says so', ['--no-skip-free-space'], false],
] as const) {
  test(`free space is ${what}`, async () => {
    await rig.addDisk(48);
    await rig.startServer();
    await rig.installAgent(more);
    rig.pair();
    await rig.startAgent();
    await until('replication is continuous', () => rig.agentReport()?.replication.state === 'CONTINUOUS');
    await rig.takeRecoveryPoint();
    assert.equal((await rig.logOf('agent')).includes('free-space-skipped'), isSkipped);
  });
}
