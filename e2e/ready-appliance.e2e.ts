/**
 * An appliance that was started before: a guest whose root lies on a volume group, on an array of two disks,
 * is converted in it as in one that was started for it, and what goes wrong with it costs the conversion
 * nothing.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  type ConversionRequest,
  type ConversionResult,
  convertGuest,
  guestfsEnvironment,
  ReadyAppliance,
} from '../packages/conversion/src/index.ts';
import { withMonitor } from '../packages/launch/src/index.ts';
import {
  MIB,
  type OperationError,
  retry,
  runChecked,
  silentLogger,
  systemClock,
} from '../packages/runtime/src/index.ts';

const SIZES_BYTES = [256 * MIB, 192 * MIB];
const MAC_ADDRESS = '52:54:00:aa:bb:cc';
const FSTAB = '/dev/vg/root / ext4 defaults 0 1\n/dev/sdb2 /opt ext4 defaults 0 2\n';
/** An appliance on a busy host has been seen to name its disks in another order. */
const MAKING_ATTEMPTS_MAX = 3;
const TEST_TIMEOUT_MS = 900_000;

let folder = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ra-'));
  await retry(makeDisks, { attemptsMax: MAKING_ATTEMPTS_MAX });
});

after(() => rm(folder, { recursive: true, force: true }));

test('a guest on two disks is converted in an appliance that stood ready, as in any other', {
  timeout: TEST_TIMEOUT_MS,
}, async (context) => {
  const ready = startReady('first');
  assert.ok(await ready.isReady);
  const [status] = await askMonitor('first', 'query-status');
  assert.equal((status as { status: string }).status, 'paused', 'it takes no processor time');
  const anew = await convert(await overlaysFor('anew'));
  const prepared = await convert(await overlaysFor('prepared'), { takeReady: () => ready });
  assert.deepEqual(changesOf(prepared), changesOf(anew));
  assert.ok(changesOf(prepared).some((line) => line.includes('root ext4 on /dev/mapper/vg-root')));
  assert.ok(changesOf(prepared).some((line) => line.startsWith('Filesystem table')));
  const [startedMs = 0, preparedMs = 0] = [anew, prepared].map(({ steps }) => steps[0]?.durationMs ?? 0);
  context.diagnostic(`from asking for an appliance until it has the disks: ${startedMs}, ${preparedMs} ms`);
  assert.ok(preparedMs < startedMs / 2, `${preparedMs} ms beside ${startedMs} ms`);
  const again = await convert(overlaysOf('prepared'));
  assert.deepEqual(
    changesOf(again).filter((line) => /^(Filesystem table|Network)/.test(line)),
    [],
  );
  await assertNothingRuns(folder);
});

test('one that died, or has too few places, is only missed', { timeout: TEST_TIMEOUT_MS }, async () => {
  const dead = startReady('dead');
  assert.ok(await dead.isReady);
  await askMonitor('dead', 'quit');
  const { prettyName } = await convert(await overlaysFor('missed'), { takeReady: () => dead });
  assert.equal(prettyName, 'Debian GNU/Linux 12 (bookworm)');
  const small = startReady('small');
  const many = Array.from({ length: 9 }, () => ({ overlayPath: join(folder, 'none') }));
  assert.equal(await small.take(many, { timeoutMs: TEST_TIMEOUT_MS }), undefined);
  await assertNothingRuns(folder);
});

test('one that is ended while it starts or while it takes disks leaves nothing', {
  timeout: TEST_TIMEOUT_MS,
}, async () => {
  const starting = startReady('starting');
  await starting.close();
  assert.equal(await starting.isReady, false);
  const ready = startReady('refusing');
  const gone = [{ overlayPath: join(folder, 'no-such.qcow2') }];
  await assert.rejects(ready.take(gone, { timeoutMs: TEST_TIMEOUT_MS }), (error: OperationError) => {
    assert.equal(error.code, 'APPLIANCE_FAILED');
    assert.match(error.message, /no-such\.qcow2/);
    return error.retryable;
  });
  const occupied = startReady('occupied');
  assert.ok(await occupied.isReady);
  await occupyFirstName('occupied');
  const [other] = await overlaysFor('occupied');
  await assert.rejects(
    occupied.take([{ overlayPath: other ?? '' }], { timeoutMs: TEST_TIMEOUT_MS }),
    (error: OperationError) => error.retryable && /does not get the name \/dev\/sda/.test(error.message),
  );
  const cancelled = startReady('cancelled');
  const gaveUp = new AbortController();
  const [overlay] = await overlaysFor('cancelled');
  const taken = cancelled.take([{ overlayPath: overlay ?? '' }], {
    ...{ timeoutMs: TEST_TIMEOUT_MS, signal: gaveUp.signal },
  });
  gaveUp.abort(new Error('terminated'));
  const [outcome] = await Promise.allSettled([taken]);
  if (outcome.status === 'fulfilled') assert.equal(outcome.value, undefined);
  else assert.match(String(outcome.reason), /cancelled/);
  await assertNothingRuns(folder);
});

function startReady(name: string): ReadyAppliance {
  const socketPath = join(folder, `${name}.qmp`);
  return ReadyAppliance.start({ socketPath, withMonitor, useKvm: false, logger: silentLogger });
}

async function askMonitor(name: string, ...commands: readonly string[]): Promise<unknown[]> {
  return await withMonitor(join(folder, `${name}.qmp`), async (monitor) => {
    const answers: unknown[] = [];
    for (const command of commands) answers.push(await monitor.execute(command));
    return answers;
  });
}

/** By another disk, so that none of a guest can have it. */
async function occupyFirstName(name: string): Promise<void> {
  await withMonitor(join(folder, `${name}.qmp`), async (monitor) => {
    await monitor.execute('cont');
    const size = MIB;
    await monitor.execute('blockdev-add', {
      driver: 'null-co',
      'node-name': 'other',
      size,
      'read-zeroes': true,
    });
    const place = { bus: 'scsi.0', channel: 0, 'scsi-id': 30, lun: 0 };
    await monitor.execute('device_add', { driver: 'scsi-hd', drive: 'other', id: 'other', ...place });
    // The kernel names it before the next is looked at.
    await systemClock.sleep(3000);
  });
}

function overlaysOf(name: string): readonly string[] {
  return SIZES_BYTES.map((_size, index) => join(folder, `${name}-${index}.qcow2`));
}

async function overlaysFor(name: string): Promise<readonly string[]> {
  for (const [index, overlay] of overlaysOf(name).entries()) {
    const backing = ['-b', join(folder, `disk-${index}.raw`), '-F', 'raw'];
    await runChecked(['qemu-img', 'create', '-q', '-f', 'qcow2', ...backing, overlay]);
  }
  return overlaysOf(name);
}

async function convert(
  overlays: readonly string[],
  changes: Partial<ConversionRequest> = {},
): Promise<ConversionResult> {
  return await convertGuest({
    disks: overlays.map((overlayPath, index) => ({
      ...{ diskId: `disk-${index}`, deviceName: `/dev/sd${'ab'[index]}`, overlayPath },
      ...{ sizeBytes: SIZES_BYTES[index] ?? 0, isBootDisk: index === 0 },
    })),
    target: { macAddress: MAC_ADDRESS },
    ...{ method: 'LANDFALL', scratchFolder: folder, useKvm: false, logger: silentLogger },
    ...changes,
  });
}

function changesOf({ steps }: ConversionResult): string[] {
  return steps.map(({ step, detail }) => `${step}: ${detail}`);
}

async function assertNothingRuns(of: string): Promise<void> {
  const { stdout } = await runChecked(['ps', '-eo', 'args']);
  assert.ok(!stdout.includes(of), stdout);
}

async function makeDisks(): Promise<void> {
  const files = { '/etc/fstab': FSTAB, '/etc/network/interfaces': 'auto ens5\niface ens5 inet dhcp\n' };
  const release = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n';
  const content = { ...files, '/etc/os-release': release, '/sbin/init': '' };
  const outside = join(folder, 'content');
  for (const [path, text] of Object.entries(content)) {
    await mkdir(join(outside, path, '..'), { recursive: true });
    await writeFile(join(outside, path), text);
  }
  const commands = [
    ...SIZES_BYTES.map((size, index) => `disk-create ${join(folder, `disk-${index}.raw`)} raw ${size}`),
    ...SIZES_BYTES.map((_size, index) => `add-drive ${join(folder, `disk-${index}.raw`)} format:raw`),
    'run',
    'part-disk /dev/sda mbr',
    'part-init /dev/sdb mbr',
    'part-add /dev/sdb primary 2048 196607',
    'part-add /dev/sdb primary 196608 -1',
    'md-create data "/dev/sda1 /dev/sdb1" level:raid1',
    'pvcreate /dev/md127',
    'vgcreate vg /dev/md127',
    'lvcreate root vg 60',
    'mkfs ext4 /dev/vg/root',
    'mkfs ext4 /dev/sdb2',
    'mount /dev/vg/root /',
    ...['etc', 'sbin'].map((name) => `copy-in ${join(outside, name)} /`),
    'umount-all',
  ];
  const env = guestfsEnvironment(false);
  await runChecked(['guestfish'], { env, input: `${commands.join('\n')}\n`, timeoutMs: TEST_TIMEOUT_MS });
}
