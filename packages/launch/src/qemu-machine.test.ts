import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runChecked, systemClock } from '@landfall/runtime';
import { type HydrationRequest, sumProgress } from './hydration.ts';
import { type LaunchRequest, PID_FILE, planLaunch } from './launch-plan.ts';
import { createOverlay, inspectImage } from './qemu-image.ts';
import { advanceHydration, readRunState, takeScreenshot } from './qemu-machine.ts';
import { findQemu, startQemu, stopQemu } from './qemu-process.ts';
import { findFreePort } from './tcp-free-port.ts';

const SIZE_BYTES = 8 * 1024 * 1024;

/** A folder with a served view of random bytes; everything ends with the test. */
async function withView(use: (folder: string, nbdUri: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'qm-'));
  const socket = join(folder, 'view.sock');
  const pidFile = join(folder, 'nbd.pid');
  try {
    await runChecked(['dd', 'if=/dev/urandom', `of=${join(folder, 'view.raw')}`, 'bs=1M', 'count=8']);
    const options = [
      '-r',
      '-t',
      '-e',
      '4',
      '-f',
      'raw',
      '-x',
      'disk-0',
      '-k',
      socket,
      '--fork',
      '--pid-file',
      pidFile,
    ];
    await runChecked(['qemu-nbd', ...options, join(folder, 'view.raw')]);
    await use(folder, `nbd+unix:///disk-0?socket=${socket}`);
  } finally {
    await stopQemu(folder, systemClock);
    process.kill(Number(await readFile(pidFile, 'utf8')), 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}

function requestFor(folder: string, nbdUri: string | undefined): LaunchRequest {
  return {
    machineId: 'i-0123456789abcdef0',
    purpose: 'TEST',
    disks: [{ diskId: 'disk-0', isBootDisk: true, overlayPath: join(folder, 'overlay.qcow2'), nbdUri }],
    cpuCount: 1,
    memoryBytes: 64 * 1024 * 1024,
    bootMode: 'LEGACY_BIOS',
    publishedPorts: [],
    folder,
    onlyHydrate: true,
  };
}

const TCG = { accelerator: 'tcg', uefiCodePath: undefined } as const;

/** To the end, looking again and again; what was flushed is remembered, as a launch host does. */
async function fillIn(request: HydrationRequest): Promise<void> {
  const { disks } = await advanceHydration(request);
  if (sumProgress(disks).complete) return;
  const next = request.disks.map((disk, index) => ({ ...disk, isFlushed: disks[index]?.isFlushed ?? false }));
  await fillIn({ ...request, disks: next });
}

test('a machine starts, is found again, shows its screen, fills in its disk, and ends', async () => {
  await withView(async (folder, nbdUri) => {
    const path = join(folder, 'overlay.qcow2');
    await createOverlay({ path, nbdUri, sizeBytes: SIZE_BYTES });
    const identity = await startQemu(planLaunch(requestFor(folder, nbdUri), TCG), folder, systemClock);
    assert.deepEqual(await findQemu(folder), identity);
    assert.equal(await readRunState(folder), 'PAUSED');
    assert.equal((await takeScreenshot(folder)).toString('latin1', 1, 4), 'PNG');
    const request = {
      machineId: 'i-0123456789abcdef0',
      folder,
      disks: [{ diskId: 'disk-0', sizeBytes: SIZE_BYTES, overlayPath: path, isFlushed: false }],
      bandwidthBytesPerSecond: undefined,
    };
    await fillIn(request);
    assert.equal((await inspectImage(path)).hasBacking, false);
    await stopQemu(folder, systemClock);
    assert.equal(await findQemu(folder), undefined);
    await runChecked(['qemu-img', 'compare', '-f', 'raw', '-F', 'qcow2', join(folder, 'view.raw'), path]);
  });
});

test('H3: looking again and again while jobs end never harms the machine', async () => {
  await withView(async (folder, nbdUri) => {
    const path = join(folder, 'overlay.qcow2');
    for (let round = 0; round < 3; round += 1) {
      await createOverlay({ path, nbdUri, sizeBytes: SIZE_BYTES });
      await startQemu(planLaunch(requestFor(folder, nbdUri), TCG), folder, systemClock);
      const request = {
        machineId: 'i-0123456789abcdef0',
        folder,
        disks: [{ diskId: 'disk-0', sizeBytes: SIZE_BYTES, overlayPath: path, isFlushed: false }],
        bandwidthBytesPerSecond: 64_000_000,
      };
      await fillIn(request);
      await stopQemu(folder, systemClock);
    }
  });
});

test('a view of another size is not launched', async () => {
  await withView(async (folder, nbdUri) => {
    const path = join(folder, 'overlay.qcow2');
    const wrong = createOverlay({ path, nbdUri, sizeBytes: SIZE_BYTES + 512 });
    await assert.rejects(wrong, { code: 'VIEW_UNREACHABLE', message: /instead of 8389120/ });
    const nobody = nbdUri.replace('disk-0', 'disk-9');
    const absent = createOverlay({ path, nbdUri: nobody, sizeBytes: SIZE_BYTES, openTimeoutSeconds: 0 });
    await assert.rejects(absent, { code: 'VIEW_UNREACHABLE' });
  });
});

test('a QEMU that dies at start is MACHINE_START_FAILED, with its own words', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'qm-'));
  const port = await findFreePort();
  const taken = createServer().listen({ host: '127.0.0.1', port });
  try {
    const request = { ...requestFor(folder, undefined), disks: [], onlyHydrate: false };
    const argv = planLaunch({ ...request, publishedPorts: [{ guestPort: 80, hostPort: port }] }, TCG);
    const started = startQemu(argv, folder, systemClock);
    await assert.rejects(started, {
      code: 'MACHINE_START_FAILED',
      message: /Could not set up host forwarding rule/,
    });
  } finally {
    taken.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test('a process id that belongs to somebody else is never taken for the machine', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'qm-'));
  try {
    await writeFile(join(folder, PID_FILE), `${process.pid}\n`);
    assert.equal(await findQemu(folder), undefined);
    await stopQemu(folder, systemClock);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
