/**
 * The launch host alone on the demo's Debian server, whose hardware is not the target's: conversion, boot,
 * restarts, hydration, and what goes wrong. qemu-nbd stands where the replication server is otherwise.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, mkdtemp, readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { ensureGuestImage } from '../apps/cli/src/demo/guest-image.ts';
import { cacheFolder } from '../apps/cli/src/setup/cache-folder.ts';
import { createLaunchHost, type LaunchHost } from '../apps/launch-host/src/launch-host.ts';
import type { MachineSpecification, MachineStatus } from '../packages/channel/src/index.ts';
import { createLogger, run, runChecked, systemClock } from '../packages/runtime/src/index.ts';
import { checkOutcomes, hasRunAll, KEPT_ADDRESSES, SCRIPTS } from './post-launch-scripts.ts';

const MACHINE_ID = 'i-0123456789abcdef0';
const BROKEN_ID = 'i-0123456789abcdef1';
const STOPPED_ID = 'i-0123456789abcdef2';
const DISKS = [
  { diskId: 'disk-0', deviceName: '/dev/nvme0n1', file: 'root.raw', isBootDisk: true },
  { diskId: 'disk-1', deviceName: '/dev/nvme1n1', file: 'data.raw', isBootDisk: false },
];

let folder = '';
/** The folder of the demo server's disks and key. */
let image = '';
let host: LaunchHost;
const logger = createLogger({ program: 'launch-host-e2e', level: 'warn' });
const serverPids = new Map<string, number>();

before(async () => {
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  image = dirname((await ensureGuestImage({ cacheFolder: cacheFolder(), onStep: say })).rootDisk);
  folder = await mkdtemp(join(tmpdir(), 'lh-'));
  for (const disk of DISKS) await serveDisk(await realpath(join(image, disk.file)), disk.diskId);
  host = await startHost();
});

after(async () => {
  if (folder === '') return;
  await host.handlers.terminateMachine({ machineId: MACHINE_ID });
  await host.handlers.terminateMachine({ machineId: BROKEN_ID });
  await host.handlers.terminateMachine({ machineId: STOPPED_ID });
  await host.stop();
  for (const pid of serverPids.values()) stopProcess(pid);
  await rm(folder, { recursive: true, force: true });
});

test('a server from other hardware is converted, runs, and answers', {
  timeout: 900_000,
}, async (context) => {
  const beforeHash = await hashOf(join(image, 'root.raw'));
  const startedNs = process.hrtime.bigint();
  const specification = await specify();
  const [first, joined] = await Promise.all([
    host.handlers.ensureMachine(specification),
    host.handlers.ensureMachine(specification),
  ]);
  assert.equal(first.phase, 'CONVERTING');
  assert.equal(joined.machineId, MACHINE_ID);
  await restartHost();
  await waitUntil((status) => status.conversion.length > 0);
  await restartHost();
  const running = await waitUntil((status) => status.phase === 'RUNNING');
  context.diagnostic(`launch call to RUNNING, two launch host restarts on the way: ${sinceMs(startedNs)} ms`);
  for (const { step, durationMs } of running.conversion) context.diagnostic(`  ${step}: ${durationMs} ms`);
  const steps = running.conversion.map((each) => each.step);
  for (const step of ['Boot drivers', 'Filesystem table', 'Network']) assert.ok(steps.includes(step), step);
  await waitForWeb(running);
  context.diagnostic(`launch call to HTTP 200: ${sinceMs(startedNs)} ms`);
  assert.equal(await hashOf(join(image, 'root.raw')), beforeHash, 'the view is never written');
});

test('its post-launch scripts ran in order, with what they said, across a restart of ours', {
  timeout: 900_000,
}, async (context) => {
  await restartHost();
  const status = await waitUntil(hasRunAll);
  for (const { actionId, output } of status.postLaunch ?? []) context.diagnostic(`${actionId}: ${output}`);
  checkOutcomes(status);
});

test('console and screen of the machine can be read', { timeout: 900_000 }, async () => {
  const { text } = await host.handlers.readConsole({ machineId: MACHINE_ID, tailBytes: 100_000 });
  assert.match(text, /Linux version 6\.1/);
  const { pngBase64 } = await host.handlers.takeScreenshot({ machineId: MACHINE_ID });
  assert.equal(Buffer.from(pngBase64, 'base64').toString('latin1', 1, 4), 'PNG');
});

test('a launch host that restarts finds its machine running', { timeout: 900_000 }, async () => {
  await restartHost();
  const status = await host.handlers.describeMachine({ machineId: MACHINE_ID });
  assert.equal(status.phase, 'RUNNING');
  await waitForWeb(status);
});

test('a machine that is not to be started is filled in all the same', {
  timeout: 900_000,
}, async () => {
  await host.handlers.ensureMachine({ ...(await specify()), machineId: STOPPED_ID, disposition: 'STOPPED' });
  const stopped = await waitUntil((status) => status.phase === 'STOPPED', STOPPED_ID);
  assert.equal(stopped.startedAtMs, null);
  await host.handlers.hydrateMachine({ machineId: STOPPED_ID });
  const done = await waitUntil((status) => status.hydration.state === 'COMPLETE', STOPPED_ID);
  assert.equal(done.phase, 'STOPPED');
  await host.handlers.terminateMachine({ machineId: STOPPED_ID });
});

test('a hydrated machine needs no view any more', { timeout: 900_000 }, async (context) => {
  const startedNs = process.hrtime.bigint();
  const begun = await host.handlers.hydrateMachine({
    machineId: MACHINE_ID,
    bandwidthBytesPerSecond: 64_000_000,
  });
  assert.equal(begun.hydration.state, 'RUNNING');
  await restartHost();
  await host.handlers.hydrateMachine({ machineId: MACHINE_ID });
  const done = await waitUntil((status) => status.hydration.state === 'COMPLETE');
  assert.equal(done.hydration.doneBytes, done.hydration.totalBytes);
  context.diagnostic(`hydration of ${done.hydration.totalBytes} bytes: ${sinceMs(startedNs)} ms`);
  for (const pid of serverPids.values()) stopProcess(pid);
  serverPids.clear();
  await waitForWeb(done);
});

test('a machine whose QEMU was killed is FAILED, and starts again when asked', {
  timeout: 900_000,
}, async () => {
  const pid = Number(await readFile(join(folder, 'state/machines', MACHINE_ID, 'qemu.pid'), 'utf8'));
  process.kill(pid, 'SIGKILL');
  const failed = await waitUntil((status) => status.phase === 'FAILED');
  assert.equal(failed.error?.code, 'MACHINE_DIED');
  await host.handlers.ensureMachine(await specify());
  const again = await waitUntil((status) => status.phase === 'RUNNING');
  assert.equal(again.error, undefined);
  await waitForWeb(again);
  checkOutcomes(await host.handlers.describeMachine({ machineId: MACHINE_ID }));
});

test('a machine that powers itself off is STOPPED, and starts again when asked', {
  timeout: 900_000,
}, async () => {
  const { published } = await host.handlers.describeMachine({ machineId: MACHINE_ID });
  const port = published.find((each) => each.guestPort === 22)?.port;
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'];
  const key = join(folder, 'key');
  await copyFile(join(image, 'id_ed25519'), key);
  await chmod(key, 0o600);
  const ssh = ['ssh', '-i', key, ...options.flatMap((each) => ['-o', each]), '-p', String(port)];
  // The web answers before sshd does: asked again until it was understood.
  for (let exitCode: number | null = 255; exitCode === 255; ) {
    ({ exitCode } = await run([...ssh, 'root@127.0.0.1', 'systemctl', '--no-block', 'poweroff']));
    if (exitCode === 255) await systemClock.sleep(1000);
  }
  await waitUntil((status) => status.phase === 'STOPPED');
  await host.handlers.ensureMachine(await specify());
  await waitUntil((status) => status.phase === 'RUNNING');
});

test('a guest that hears its power button ends by itself, and runs again after a RESTART', {
  timeout: 900_000,
}, async () => {
  const first = await waitUntil((status) => status.phase === 'RUNNING');
  await waitForWeb(first);
  const power = (action: 'STOP' | 'RESTART') =>
    host.handlers.powerMachine({ machineId: MACHINE_ID, action, forced: false });
  assert.equal((await power('RESTART')).powerRequest, 'RESTART');
  await restartHost();
  const again = await waitUntil(
    ({ phase, startedAtMs }) => phase === 'RUNNING' && startedAtMs !== first.startedAtMs,
  );
  await waitForWeb(again);
  await power('STOP');
  await waitUntil((status) => status.phase === 'STOPPED');
  const { text } = await host.handlers.readConsole({ machineId: MACHINE_ID, tailBytes: 64 * 1024 });
  assert.match(text, /Power down|Powering off/i, 'its power was not taken away');
});

test('a terminated machine is gone, and stays gone', { timeout: 900_000 }, async () => {
  const { phase } = await host.handlers.terminateMachine({ machineId: MACHINE_ID });
  assert.equal(phase, 'TERMINATED');
  assert.deepEqual(await readdir(join(folder, 'state/machines')), []);
  assert.equal((await host.handlers.terminateMachine({ machineId: MACHINE_ID })).phase, 'TERMINATED');
  assert.equal((await host.handlers.ensureMachine(await specify())).phase, 'TERMINATED');
});

test('a disk without a guest cannot be converted, and says so', { timeout: 900_000 }, async () => {
  const path = join(folder, 'empty.raw');
  await runChecked(['truncate', '-s', '64M', path]);
  await serveDisk(path, 'empty');
  const disk = {
    ...DISKS[0],
    diskId: 'empty',
    deviceName: '/dev/sda',
    isBootDisk: true,
    nbdUri: uriOf('empty'),
  };
  const specification = {
    ...(await specify()),
    machineId: BROKEN_ID,
    disks: [{ ...disk, sizeBytes: 64 * 2 ** 20 }],
  };
  await host.handlers.ensureMachine(specification);
  const failed = await waitUntil((status) => status.phase === 'FAILED', BROKEN_ID);
  assert.equal(failed.error?.code, 'CONVERSION_IMPOSSIBLE');
  assert.match(failed.error?.message ?? '', /no root filesystem/);
  assert.ok((failed.error?.hint ?? '').length > 0);
  const left = await readdir(join(folder, 'state/machines', BROKEN_ID));
  // The record, and at this moment perhaps the file that is about to replace it.
  assert.deepEqual(
    left.filter((name) => !name.startsWith('machine.json')),
    [],
  );
});

async function startHost(): Promise<LaunchHost> {
  const started = createLaunchHost({ stateDir: join(folder, 'state'), logger, clock: systemClock });
  await started.start();
  return started;
}

async function restartHost(): Promise<void> {
  await host.stop();
  host = await startHost();
}

async function specify(): Promise<MachineSpecification> {
  const disks = DISKS.map(async ({ file, ...disk }) => {
    const { size } = await stat(join(image, file));
    const limits = { operationsPerSecond: 20_000, bytesPerSecond: 500 * 2 ** 20 };
    return { ...disk, sizeBytes: size, nbdUri: uriOf(disk.diskId), limits };
  });
  return {
    machineId: MACHINE_ID,
    name: 'ledger',
    purpose: 'TEST',
    disks: await Promise.all(disks),
    cpuCount: 2,
    memoryBytes: 1024 * 2 ** 20,
    bootMode: 'USE_SOURCE',
    disposition: 'STARTED',
    publishedPorts: [80, 22],
    network: { addresses: KEPT_ADDRESSES },
    postLaunchScripts: SCRIPTS,
  };
}

async function serveDisk(path: string, diskId: string): Promise<void> {
  const pidFile = join(folder, `${diskId}.pid`);
  const socket = join(folder, `${diskId}.sock`);
  const options = [
    '-r',
    '-t',
    '-e',
    '8',
    '-f',
    'raw',
    '-x',
    diskId,
    '-k',
    socket,
    '--fork',
    '--pid-file',
    pidFile,
  ];
  await runChecked(['qemu-nbd', ...options, path]);
  serverPids.set(diskId, Number(await readFile(pidFile, 'utf8')));
}

function uriOf(diskId: string): string {
  return `nbd+unix:///${diskId}?socket=${join(folder, `${diskId}.sock`)}`;
}

function stopProcess(pid: number): void {
  process.kill(pid, 'SIGKILL');
}

async function waitUntil(
  isReached: (status: MachineStatus) => boolean,
  machineId = MACHINE_ID,
): Promise<MachineStatus> {
  for (;;) {
    const status = await host.handlers.describeMachine({ machineId });
    if (isReached(status)) return status;
    if (status.phase === 'FAILED') assert.fail(`${status.error?.code}: ${status.error?.message}`);
    if (status.hydration.state === 'FAILED') assert.fail(status.error?.message ?? 'hydration failed');
    await systemClock.sleep(250);
  }
}

async function waitForWeb(status: MachineStatus): Promise<void> {
  const port = status.published.find((each) => each.guestPort === 80)?.port;
  for (;;) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(3000) });
      if (response.status === 200) return;
    } catch {
      await systemClock.sleep(500);
    }
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

function sinceMs(startedNs: bigint): number {
  return Number((process.hrtime.bigint() - startedNs) / 1_000_000n);
}
