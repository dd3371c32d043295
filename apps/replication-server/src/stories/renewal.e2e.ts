/**
 * Certificates renewed under continuous replication: real processes, real disks. Run as root:
 * `node --test renewal.e2e.ts`.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { run, systemClock } from '@landfall/runtime';
import { unmount } from '../testing/linux-unmount.ts';
import { TestRig, until } from '../testing/test-rig.ts';

let rig: TestRig;
/** What the agent logged before its replication was continuous is of no interest. */
let logStart = 0;

beforeEach(async () => {
  rig = await TestRig.create();
  await rig.addDisk(64);
  await rig.startServer();
  await rig.installAgent();
  rig.pair();
  await rig.startAgent();
  await untilConnected('replication is continuous');
  logStart = (await rig.logOf('agent')).length;
});

afterEach(async () => {
  await rig.close();
});

/** By reports that came after the call: the last one before may be of a process that is gone. */
async function untilConnected(what: string): Promise<void> {
  let last = rig.agentReport();
  let news = 0;
  const isThere = () => {
    const report = rig.agentReport();
    news += report === last ? 0 : 1;
    last = report;
    return news > 1 && report?.replication.state === 'CONTINUOUS' && report.replication.connected;
  };
  await until(what, isThere, 60_000);
}

/** Writes until told to stop; answers how many files there are. */
function writeOn(): () => Promise<number> {
  const [disk] = rig.disks;
  let isStopped = false;
  const writing = (async () => {
    let count = 0;
    for (; !isStopped && count < 400; count += 1) {
      await writeFile(join(disk?.mountPoint ?? '', `file-${count}`), randomBytes(50_000), { flush: true });
      await systemClock.sleep(20);
    }
    return count;
  })();
  return () => {
    isStopped = true;
    return writing;
  };
}

async function assertReplicaEqual(): Promise<void> {
  const [disk] = rig.disks;
  if (disk !== undefined) await unmount(disk);
  const { epoch } = await rig.takeRecoveryPoint();
  const [exported] = await rig.openExport(epoch);
  const formats = ['-T', 'none', '-f', 'raw', '-F', 'raw'];
  const sides = [disk?.deviceName ?? '', exported?.nbdUri ?? ''];
  const compared = await run(['qemu-img', 'compare', ...formats, ...sides], { timeoutMs: 120_000 });
  assert.equal(compared.exitCode, 0, `${compared.stdout}${compared.stderr}`);
}

async function identityOf(folder: 'agent' | 'server'): Promise<{ certificatePem: string; keyPem: string }> {
  return JSON.parse(await readFile(join(rig.path(folder), 'identity.json'), 'utf8'));
}

function fingerprintOf(programId: string): string | undefined {
  return rig.plane.certificates.get(programId)?.fingerprint;
}

async function renew(programId: string): Promise<void> {
  const before = fingerprintOf(programId);
  rig.plane.expire(programId);
  await until('the next certificate is used', () => fingerprintOf(programId) !== before);
}

function acceptedByServer(): readonly string[] {
  return rig.serverReport()?.servers[0]?.acceptedFingerprints ?? [];
}

test('an agent renews key and certificate: its connection goes on, the next one is made with the new pair', async () => {
  const before = await identityOf('agent');
  const stop = writeOn();
  await renew(rig.agentId);
  const fingerprint = fingerprintOf(rig.agentId) ?? '';
  await until('the old one is forgotten', () => acceptedByServer().join() === fingerprint);
  const after = await identityOf('agent');
  assert.notEqual(after.keyPem, before.keyPem);
  await rig.takeRecoveryPoint();
  assert.doesNotMatch(
    (await rig.logOf('agent')).slice(logStart),
    /replication-disconnected/,
    'the connection was not touched',
  );
  await rig.killServer();
  await rig.startServer();
  await untilConnected('it is connected again');
  await rig.killAgent();
  await rig.startAgent();
  await untilConnected('it goes on with what is on disk');
  await stop();
  await assertReplicaEqual();
  assert.doesNotMatch((await rig.logOf('agent')).slice(logStart), /SERVER_NOT_ASSIGNED|PROGRAM_REVOKED/);
});

test('a replication server renews its certificate while agents are connected, and shows the new one', async () => {
  const before = await identityOf('server');
  const stop = writeOn();
  await renew(rig.serverId);
  assert.notEqual((await identityOf('server')).keyPem, before.keyPem);
  await rig.takeRecoveryPoint();
  assert.doesNotMatch((await rig.logOf('agent')).slice(logStart), /replication-disconnected/);
  await rig.killAgent();
  await rig.startAgent();
  await untilConnected('the agent believes the new certificate');
  const place = ['-connect', `127.0.0.1:${rig.port}`, '-tls1_3'];
  const shown = await run(['openssl', 's_client', ...place], { input: '' });
  const shownPem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(shown.stdout)?.[0];
  assert.equal(shownPem, (await identityOf('server')).certificatePem.trim());
  await rig.killServer();
  await rig.startServer();
  await untilConnected('it serves with what is on disk');
  await stop();
  await assertReplicaEqual();
});

test('killed over and over while it renews, an agent always comes back with a pair that works', async () => {
  const stop = writeOn();
  for (let round = 0; round < 6; round += 1) {
    rig.plane.expire(rig.agentId);
    await systemClock.sleep(150 + round * 300);
    await rig.killAgent();
    await rig.startAgent();
  }
  const isRenewed = () => rig.plane.certificates.get(rig.agentId)?.isExpired !== true;
  await until('the last renewal ends', isRenewed, 60_000);
  await untilConnected('replication goes on');
  await stop();
  await assertReplicaEqual();
  assert.doesNotMatch(await rig.logOf('agent'), /PROGRAM_REVOKED/);
});
