/**
 * An image is imported while the agent is in the middle of its first sync, which remembers what it sent and
 * took the replica for empty: the first recovery point is the source all the same. Run as root:
 * `node --test seed.e2e.ts`.
 */
import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { afterEach, beforeEach, test } from 'node:test';
import { KIB, MIB, run, runChecked, seededRandom, systemRandom } from '@landfall/runtime';
import { unmount } from '../testing/linux-unmount.ts';
import { TestRig, until } from '../testing/test-rig.ts';

const SIZE_MIB = 96;
/** The source has bytes up to here, and zeroes behind it. */
const USED_MIB = 72;
/** Where the older state, which is the image, has bytes and the source has zeroes. */
const ONLY_IN_IMAGE_MIB = 80;

let rig: TestRig;

beforeEach(async () => {
  rig = await TestRig.create();
});

afterEach(async () => {
  await rig.close();
});

test('an import in the middle of a first sync saves what it has, and changes nothing of the result', async (t) => {
  const seed = systemRandom.integer(2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const random = seededRandom(seed);
  const { device, image } = await makeDiskAndImage(random.bytes(USED_MIB * MIB));
  await rig.startServer();
  await rig.installAgent();
  rig.pair();
  limitTo(8);
  await rig.startAgent();
  await until('a part of the first copy was sent', () => bytesSent() > 2 * MIB);
  assert.equal(rig.agentReport()?.replication.lastEpoch, 0, 'the first sync is far from complete');

  const request = { seedId: 'one', sourceServerId: rig.agentId };
  const opened = await rig.plane.command(rig.serverId, 'openSeed', { ...request, leaseMs: 120_000 });
  const [disk] = (opened as { disks: readonly { nbdUri: string }[] }).disks;
  const how = ['-n', '-f', 'qcow2', '-O', 'raw', image, disk?.nbdUri ?? ''];
  await runChecked(['qemu-img', 'convert', ...how]);
  await rig.plane.command(rig.serverId, 'closeSeed', request);

  await until('the agent is connected again', () => rig.agentReport()?.replication.connected === true);
  const before = bytesSent();
  limitTo(0);
  const { epoch } = await rig.takeRecoveryPoint();
  await until('the last report', () => (rig.agentReport()?.replication.lastEpoch ?? 0) >= epoch);
  const [exported] = await rig.openExport(epoch);
  const compare = ['qemu-img', 'compare', '-T', 'none', '-f', 'raw', '-F', 'raw'];
  const compared = await run([...compare, device, exported?.nbdUri ?? ''], { timeoutMs: 120_000 });
  assert.equal(compared.exitCode, 0, `${compared.stdout}${compared.stderr}`);

  // One in 16 chunks differs, and one at each of three other places; the rest is hashes and headers.
  const differing = (Math.ceil(USED_MIB / 16) + 3) * MIB;
  t.diagnostic(`${bytesSent() - before} bytes were sent`);
  assert.ok(bytesSent() - before < differing + MIB, `${bytesSent() - before} bytes for ${differing}`);
  const late = rig.plane.command(rig.serverId, 'openSeed', { ...request, seedId: 'two', leaseMs: 1000 });
  await assert.rejects(late, /SEED_TOO_LATE|recovery points already/);
});

/** A disk without a file system, and an image of what it held before some of it was written anew. */
async function makeDiskAndImage(content: Buffer): Promise<{ device: string; image: string }> {
  const disk = await rig.addDisk(SIZE_MIB);
  await unmount(disk);
  const raw = rig.path('older.raw');
  const older = await open(raw, 'w');
  await older.truncate(SIZE_MIB * MIB);
  await older.write(content, 0, content.length, 0);
  await older.write(Buffer.alloc(300 * KIB, 0xa5), 0, 300 * KIB, ONLY_IN_IMAGE_MIB * MIB + 4096);
  await older.close();
  const device = await open(disk.deviceName, 'r+');
  await device.write(content, 0, content.length, 0);
  await device.write(Buffer.alloc((SIZE_MIB - USED_MIB) * MIB), 0, undefined, USED_MIB * MIB);
  for (let chunk = 0; chunk < USED_MIB; chunk += 16)
    await device.write(Buffer.alloc(4096, chunk + 1), 0, 4096, chunk * MIB + 512 * KIB);
  await device.sync();
  await device.close();
  const image = rig.path('older.qcow2');
  await runChecked(['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', raw, image]);
  return { device: disk.deviceName, image };
}

function limitTo(bandwidthThrottlingMbps: number): void {
  const configuration = rig.plane.configurations.get(rig.agentId);
  rig.plane.configurations.set(rig.agentId, Object.assign({}, configuration, { bandwidthThrottlingMbps }));
}

function bytesSent(): number {
  return rig.agentReport()?.replication.bytesSent ?? 0;
}
