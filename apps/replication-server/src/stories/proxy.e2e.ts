/**
 * An agent for whom an HTTP proxy with a password is the only way out, to the control plane and to the
 * replication server: real processes, real disks. Run as root: `node --test proxy.e2e.ts`.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { run, runChecked } from '@landfall/runtime';
import { startTestProxy } from '@landfall/runtime/testing';
import { unmount } from '../testing/linux-unmount.ts';
import { TestRig, until } from '../testing/test-rig.ts';

const PASSWORD = 's3cret-of-the-proxy';

let rig: TestRig;

beforeEach(async () => {
  rig = await TestRig.create();
});

afterEach(async () => {
  await rig.close();
});

async function writeFiles(round: number): Promise<void> {
  const [disk] = rig.disks;
  assert.ok(disk !== undefined);
  for (let index = 0; index < 10; index += 1) {
    await writeFile(join(disk.mountPoint, `file-${round}-${index}`), randomBytes(100_000 + index));
  }
  await runChecked(['sync', '--file-system', disk.mountPoint]);
}

async function untilContinuous(): Promise<void> {
  const continuous = () =>
    rig.agentReport()?.replication.state === 'CONTINUOUS' &&
    rig.agentReport()?.replication.connected === true;
  await until('replication is continuous', continuous, 60_000);
}

test('enrolment, reports and replication go through the proxy, and survive its end and its change', async () => {
  await rig.addDisk(48);
  await writeFiles(0);
  const proxy = await rig.useProxy(`jo:${PASSWORD}`);
  await rig.startServer();
  await rig.installAgent();
  assert.equal((await stat(join(rig.path('agent'), 'proxy.json'))).mode & 0o777, 0o600);
  rig.pair();
  await rig.startAgent();
  await untilContinuous();
  assert.ok(proxy.asked.includes(`replication-server.landfall.invalid:${rig.port}`), proxy.asked.join());
  await writeFiles(1);
  const first = await rig.takeRecoveryPoint();

  await proxy.close();
  await until('the agent notices', () => proxy.open.size === 0);
  await writeFiles(2);
  const other = await startTestProxy({
    credentials: `jim:${PASSWORD}`,
    hosts: {
      'control-plane.landfall.invalid': '127.0.0.1',
      'replication-server.landfall.invalid': '127.0.0.1',
    },
  });
  try {
    const said = await rig.configureAgent('--proxy', other.url);
    assert.match(
      said,
      /New connections use http:\/\/127\.0\.0\.1:\d+ as "jim"\nControl plane .* is reachable/,
    );
    await until('it is connected again', () => other.open.size > 1);
    await untilContinuous();
    const point = await rig.takeRecoveryPoint();
    assert.ok(point.epoch > first.epoch);
    const [disk] = rig.disks;
    if (disk !== undefined) await unmount(disk);
    const last = await rig.takeRecoveryPoint();
    const [exported] = await rig.openExport(last.epoch);
    const formats = ['-T', 'none', '-f', 'raw', '-F', 'raw'];
    const sides = [disk?.deviceName ?? '', exported?.nbdUri ?? ''];
    const compared = await run(['qemu-img', 'compare', ...formats, ...sides], { timeoutMs: 120_000 });
    assert.equal(compared.exitCode, 0, `${compared.stdout}${compared.stderr}`);
  } finally {
    await other.close();
  }
  const log = await rig.logOf('agent');
  assert.match(log, /PROXY_UNREACHABLE/);
  const seen = [
    log,
    await rig.logOf('server'),
    await readFile(join(rig.path('agent'), 'status.json'), 'utf8'),
  ];
  assert.ok(!seen.join('').includes(PASSWORD), 'the password of the proxy is in a log or in the status');
});

test('an installation names what the proxy answered, and keeps nothing of it', async () => {
  await rig.addDisk(16);
  const proxy = await rig.useProxy(`jo:${PASSWORD}`);
  const refused = await rig.failedInstall(rig.plane.tokenByName, '--proxy', proxy.url.replace('jo:', 'eve:'));
  assert.match(refused, /PROXY_AUTHENTICATION_REQUIRED.*"eve"/);
  assert.ok(!refused.includes(PASSWORD));
  assert.match(await rig.failedInstall(rig.plane.tokenByName, '--proxy', 'socks5://x:1'), /PROXY_INVALID/);
  assert.match(
    await rig.failedInstall(rig.plane.tokenByName, '--proxy', 'none'),
    /CONTROL_PLANE_UNREACHABLE/,
  );
  await assert.rejects(stat(join(rig.path('agent'), 'proxy.json')), { code: 'ENOENT' });
});
