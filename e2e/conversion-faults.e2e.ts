/**
 * What goes wrong in a conversion, seen from the launch host: the job ends with a reason or goes on, the
 * view is never written. A program stands in guestfish's place; qemu-nbd stands where the replication server
 * is.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { createLaunchHost } from '../apps/launch-host/src/launch-host.ts';
import type { MachineStatus } from '../packages/channel/src/index.ts';
import {
  type FakeAnswer,
  fakeGuestfish,
} from '../packages/conversion/src/appliance/fake-guestfish.testing.ts';
import { runChecked, silentLogger, systemClock } from '../packages/runtime/src/index.ts';

const MACHINE_ID = 'i-0123456789abcdef0';
const SIZE_BYTES = 2 ** 20;
const STARTED: readonly FakeAnswer[] = [
  { pattern: '^-list-disk-labels', output: 'diska: /dev/sda\n' },
  { pattern: '^-debug sh .*guestfs', output: 'lrwxrwxrwx 1 0 0 9 Nov 26 18:10 diska -> ../../sda\n' },
  { pattern: '^-pread-device "[^"]*" "2" ', output: 'e' },
  { pattern: '^-pread-device "[^"]*" "440" ', output: 'code' },
];
const EXT4: FakeAnswer = {
  pattern: '^-debug sh .*lsblk',
  output: 'PATH="/dev/sda1" FSTYPE="ext4" UUID="1"\n',
};
const LUKS: FakeAnswer = {
  pattern: '^-debug sh .*lsblk',
  output: 'PATH="/dev/sda1" FSTYPE="crypto_LUKS" UUID="1"\n',
};
const UFS: FakeAnswer = { pattern: '^-debug sh .*lsblk', output: 'PATH="/dev/sda1" FSTYPE="ufs" UUID="1"\n' };

let folder = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cf-'));
  await writeFile(join(folder, 'disk.raw'), Buffer.alloc(SIZE_BYTES, 7));
  const socket = join(folder, 'nbd.sock');
  const serve = ['qemu-nbd', '--fork', '--persistent', '--read-only', '--shared=8', '--format=raw'];
  await runChecked([
    ...serve,
    ...[
      '--export-name=d',
      `--socket=${socket}`,
      `--pid-file=${join(folder, 'pid')}`,
      join(folder, 'disk.raw'),
    ],
  ]);
});

after(async () => {
  if (existsSync(join(folder, 'pid'))) {
    process.kill(Number(await readFile(join(folder, 'pid'), 'utf8')), 'SIGKILL');
  }
  await rm(folder, { recursive: true, force: true });
});

/** How a launch ended, and how often an appliance was started for it. */
async function launch(context: TestContext, ...answers: readonly FakeAnswer[]) {
  const fake = await fakeGuestfish(context, [...answers, ...STARTED]);
  const stateDir = await mkdtemp(join(folder, 'state-'));
  const host = createLaunchHost({ stateDir, logger: silentLogger, clock: systemClock, accelerator: 'tcg' });
  await host.start();
  context.after(() => host.stop());
  const before = await hashOf(join(folder, 'disk.raw'));
  await host.handlers.ensureMachine({
    ...{ machineId: MACHINE_ID, name: 'server', purpose: 'TEST', bootMode: 'USE_SOURCE' },
    disks: [
      {
        ...{ diskId: 'disk-0', deviceName: '/dev/sda', sizeBytes: SIZE_BYTES, isBootDisk: true },
        nbdUri: `nbd+unix:///d?socket=${join(folder, 'nbd.sock')}`,
      },
    ],
    ...{ cpuCount: 1, memoryBytes: 256 * 2 ** 20, disposition: 'STOPPED', publishedPorts: [] },
  });
  const status = await settled(() => host.handlers.describeMachine({ machineId: MACHINE_ID }));
  assert.equal(await hashOf(join(folder, 'disk.raw')), before, 'the view is never written');
  const appliances = (await fake.lines()).filter((line) => line === '-run').length;
  const left = await readdir(join(stateDir, 'machines', MACHINE_ID));
  return { status, appliances, overlays: left.filter((name) => name.endsWith('.qcow2')) };
}

async function settled(describe: () => Promise<MachineStatus>): Promise<MachineStatus> {
  for (;;) {
    const status = await describe();
    if (status.phase !== 'CONVERTING' && status.phase !== 'CONVERTED') return status;
    await systemClock.sleep(50);
  }
}

async function hashOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

test('an appliance that dies each time is tried three times on fresh overlays, and leaves none', async (context) => {
  const { status, appliances, overlays } = await launch(context, { pattern: '^-mount ', dies: true }, EXT4);
  assert.deepEqual(
    [status.phase, status.error?.code, appliances, overlays],
    ['FAILED', 'APPLIANCE_FAILED', 3, []],
  );
  assert.ok((status.error?.hint ?? '').length > 0);
});

test('an encrypted root is said at once', async (context) => {
  const { status, appliances, overlays } = await launch(context, LUKS);
  assert.deepEqual(
    [status.phase, status.error?.code, appliances, overlays],
    ['FAILED', 'CONVERSION_IMPOSSIBLE', 1, []],
  );
  assert.match(status.error?.message ?? '', /encrypted/);
});

test('a root that is missing may be the fault of the appliance: it is looked for three times', async (context) => {
  const { status, appliances } = await launch(context, EXT4);
  assert.deepEqual([status.error?.code, appliances], ['CONVERSION_IMPOSSIBLE', 3]);
  assert.match(status.error?.message ?? '', /no root filesystem was found/);
});

test('a system that is not Linux is kept as it is, and the status says on which hardware it runs', async (context) => {
  const { status, overlays } = await launch(context, UFS);
  assert.deepEqual([status.phase, status.hardware, overlays.length], ['STOPPED', 'COMPATIBLE', 1]);
});
