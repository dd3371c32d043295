/**
 * Replication by several connections, with real processes over real TCP and TLS, on a link that is narrow for
 * each of them. Run as root: `node --test streams.e2e.ts`.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { MIB, run, systemClock } from '@landfall/runtime';
import { unmount } from '../testing/linux-unmount.ts';
import { NARROW_BYTES, NARROW_MS, type NarrowLink, openNarrowLink } from '../testing/tcp-narrow-link.ts';
import { TestRig, until } from '../testing/test-rig.ts';

const FILE_BYTES = 16 * MIB;
/** No single connection can do it in less. */
const ALONE_MS = (FILE_BYTES / NARROW_BYTES) * NARROW_MS;

let rig: TestRig;
let link: NarrowLink;

beforeEach(async () => {
  rig = await TestRig.create();
  link = await openNarrowLink(rig.port);
});

afterEach(async () => {
  await rig.close();
  await link.close();
});

/** A disk that holds FILE_BYTES which do not compress, and an agent that goes by the narrow link. */
async function prepare(
  installOptions: readonly string[],
  serverOptions: readonly string[] = [],
): Promise<void> {
  const disk = await rig.addDisk(64);
  await writeFile(join(disk.mountPoint, 'random'), randomBytes(FILE_BYTES), { flush: true });
  await unmount(disk);
  rig.serverOptions = serverOptions;
  await rig.startServer();
  await rig.installAgent(installOptions);
  rig.pair();
  const configuration = rig.plane.configurations.get(rig.agentId);
  const replicationServer = { host: '127.0.0.1', replicationServerId: rig.serverId, port: link.port };
  rig.plane.configurations.set(rig.agentId, Object.assign({}, configuration, { replicationServer }));
  await rig.startAgent();
}

async function untilPoint(): Promise<void> {
  await until(
    'replication is continuous',
    () => rig.agentReport()?.replication.state === 'CONTINUOUS',
    120_000,
  );
}

/** Most of the bytes that came by each connection that took a part. */
function busyConnections(): readonly number[] {
  return link.bytesPassed.filter((bytes) => bytes > MIB);
}

async function checkReplica(): Promise<void> {
  const { epoch } = await rig.takeRecoveryPoint();
  const [exported] = await rig.openExport(epoch);
  const sides = [rig.disks[0]?.deviceName ?? '', exported?.nbdUri ?? ''];
  const formats = ['-T', 'none', '-f', 'raw', '-F', 'raw'];
  const compared = await run(['qemu-img', 'compare', ...formats, ...sides], { timeoutMs: 120_000 });
  assert.equal(compared.exitCode, 0, `${compared.stdout}${compared.stderr}`);
}

test('four connections carry a first copy faster than one can', async (context) => {
  await prepare(['--streams', '4']);
  const beganMs = systemClock.nowMs();
  await untilPoint();
  const tookMs = systemClock.nowMs() - beganMs;
  context.diagnostic(`${tookMs} ms by four connections; one takes ${ALONE_MS} ms at least`);
  assert.equal(busyConnections().length, 4, link.bytesPassed.join());
  assert.ok(tookMs < ALONE_MS, `${tookMs} ms`);
  await checkReplica();
});

test('the replication server has the last word on how many there are', async () => {
  await prepare(['--streams', '4'], ['--streams-max', '2']);
  await untilPoint();
  assert.equal(busyConnections().length, 2, link.bytesPassed.join());
  await checkReplica();
});

test('a connection that is cut ends the session, and the next one goes on', async () => {
  await prepare(['--streams', '3']);
  await until('the copy is under way', () => busyConnections().length === 3);
  assert.ok(link.cut(2), 'there is a third connection');
  await untilPoint();
  assert.ok(link.bytesPassed.length > 4, 'connected anew');
  await checkReplica();
});
