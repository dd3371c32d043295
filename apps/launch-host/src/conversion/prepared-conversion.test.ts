/** Conversions kept on disk and used again, with real qcow2 overlays and views. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { MachineSpecification } from '@landfall/channel';
import { scriptsDisk } from '@landfall/conversion';
import { inspectImage } from '@landfall/launch';
import { MIB, runChecked } from '@landfall/runtime';
import type { HostServices } from '../host-services.ts';
import { idleHost } from '../idle-host.testing.ts';
import { MachineStore } from '../machine/file-machine-store.ts';
import { scriptsDiskFor } from '../machine/file-scripts-disk.ts';
import { macAddressFor } from '../machine/machine-address.ts';
import { type MachineContext, overlayName } from '../machine/machine-context.ts';
import { type MachineRecord, newRecord, toStatus } from '../machine/machine-record.ts';
import { createApplianceTurns } from './appliance-turns.ts';
import { KeptConversions } from './file-kept-conversions.ts';
import { createLimiter } from './limiter.ts';
import { keepConversion, usePreparedConversion } from './prepared-conversion.ts';

const SIZE = 1024 * 1024;
const DONE = {
  done: true,
  bootMode: 'UEFI',
  steps: [{ step: 'Network', detail: 'a → b', durationMs: 5 }],
} as const;
const NAME = 's-1.7.1000';
const POINT = { sourceServerId: 's-1', epoch: 7, cutTimeMs: 1000 };

function specify(machineId: string, change: Partial<MachineSpecification> = {}): MachineSpecification {
  return {
    ...{ machineId, name: 'server', purpose: 'PROOF', cpuCount: 1, memoryBytes: 2 ** 28 },
    ...{ bootMode: 'USE_SOURCE', disposition: 'STARTED', publishedPorts: [], recoveryPoint: POINT },
    disks: specifyDisks(machineId, 1),
    ...change,
  };
}

function specifyDisks(machineId: string, count: number): MachineSpecification['disks'] {
  const nbdUri = `nbd+unix:///view-of-${machineId}?socket=/none`;
  return Array.from({ length: count }, (_, index) => {
    const isBootDisk = index === 0;
    return { diskId: `disk-${index}`, deviceName: `/dev/sd${index}`, sizeBytes: SIZE, isBootDisk, nbdUri };
  });
}

interface Bed {
  readonly stateDir: string;
  readonly services: HostServices;
  context(specification: MachineSpecification): Promise<MachineContext>;
}

async function makeBed(t: TestContext): Promise<Bed> {
  const stateDir = await mkdtemp(join(tmpdir(), 'kept-'));
  t.after(() => rm(stateDir, { recursive: true, force: true }));
  const store = new MachineStore(stateDir);
  await store.open();
  const kept = new KeptConversions(join(stateDir, 'conversions'));
  await kept.open();
  const services: HostServices = {
    ...{ store, kept, ...idleHost(stateDir) },
    ...{ ...createApplianceTurns(), roomTurns: createLimiter(1), viewTimeoutSeconds: 0, hostBootId: 'boot' },
  };
  const context = async (specification: MachineSpecification): Promise<MachineContext> => {
    const folder = store.folderOf(specification.machineId);
    await mkdir(folder, { recursive: true });
    let record: MachineRecord = newRecord(specification);
    const update = async (change: Partial<MachineRecord>) => {
      record = { ...record, ...change };
    };
    const replace = async (next: MachineRecord) => {
      record = next;
    };
    return { services, folder, record: () => record, update, replace, show: () => undefined };
  };
  return { stateDir, services, context };
}

const FIRST = 'i-00000000000000001';
const SECOND = 'i-00000000000000002';

/** Overlays as a conversion leaves them: backed by a view that is not read here, with bytes of their own. */
async function keepOne(
  bed: Bed,
  conversion: MachineRecord['conversion'] = DONE,
  disks = specifyDisks(FIRST, 1),
  change: Partial<MachineSpecification> = {},
): Promise<MachineContext> {
  const machine = await bed.context(specify(FIRST, { keepConversionAs: NAME, disks, ...change }));
  const backing = join(bed.stateDir, 'view.raw');
  await writeFile(backing, Buffer.alloc(SIZE, 7));
  for (const { diskId } of disks) {
    const overlay = join(machine.folder, overlayName(diskId));
    await runChecked(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', backing, overlay]);
    await runChecked(['qemu-io', '-f', 'qcow2', '-c', 'write -q -P 65 4096 4096', overlay]);
  }
  await keepConversion(machine, conversion);
  return machine;
}

async function contextWithTwoDisks(bed: Bed): Promise<MachineContext> {
  await keepOne(bed, DONE, specifyDisks(FIRST, 2));
  const disks = specifyDisks(SECOND, 2);
  return await bed.context(specify(SECOND, { preparedConversion: NAME, disks }));
}

test('a kept conversion is used by another machine of the same point, on its own view', async (t) => {
  const bed = await makeBed(t);
  const first = await keepOne(bed);
  assert.deepEqual(await readdir(join(bed.stateDir, 'conversions')), [NAME]);
  const second = await bed.context(specify(SECOND, { preparedConversion: NAME, purpose: 'TEST' }));
  assert.equal(await usePreparedConversion(second), true);
  const { phase, conversion } = second.record();
  assert.equal(phase, 'CONVERTED');
  assert.equal(conversion.done, true);
  assert.deepEqual(toStatus(second.record()).preparedConversion, { isUsed: true });
  assert.equal(conversion.bootMode, 'UEFI');
  assert.deepEqual(
    conversion.steps.map(({ step, detail }) => `${step}: ${detail}`),
    [`Prepared conversion: kept as ${NAME}: Network`],
  );
  assert.equal(macAddressFor(second.record()), macAddressFor(first.record()), 'the guest knows this address');
  const overlay = join(second.folder, 'overlay-disk-0.qcow2');
  const { stdout } = await runChecked(['qemu-img', 'info', '-U', '--output=json', overlay]);
  assert.match(JSON.parse(stdout)['backing-filename'], /view-of-i-00000000000000002/);
  const read = ['qemu-io', '-f', 'qcow2', '-c', 'read -q -P 65 4096 4096'];
  const detached = join(bed.stateDir, 'detached.qcow2');
  await copyFile(overlay, detached);
  await runChecked(['qemu-img', 'rebase', '-q', '-u', '-f', 'qcow2', '-b', '', detached]);
  await runChecked([...read, detached]);
});

test('what does not fit, is damaged or not there is converted as ever', async (t) => {
  const bed = await makeBed(t);
  await keepOne(bed);
  const refused = async (change: Partial<MachineSpecification>) => {
    const machine = await bed.context(specify(SECOND, { preparedConversion: NAME, ...change }));
    assert.equal(await usePreparedConversion(machine), false, JSON.stringify(change));
    assert.equal(machine.record().conversion.done, false);
    const { isUsed, reason } = toStatus(machine.record()).preparedConversion ?? {};
    assert.equal(isUsed, false);
    return reason ?? '';
  };
  assert.equal(
    await refused({ recoveryPoint: { ...POINT, epoch: 8 } }),
    'it was made for another recovery point',
  );
  assert.equal(await refused({ preparedConversion: 'another' }), 'it is not on this launch host');
  assert.equal(await refused({ bootMode: 'UEFI' }), 'it was made for another bootMode');
  await writeFile(bed.services.kept.overlayPath(NAME, 'disk-0'), 'torn');
  assert.notEqual(await refused({}), '');
  await rm(bed.services.kept.overlayPath(NAME, 'disk-0'));
  assert.notEqual(await refused({}), '');
});

const SCRIPT = {
  ...{ actionId: 'action-1', name: 'check', order: 1, script: '#!/bin/sh\n', parameters: { word: 'secret' } },
  ...{ timeoutSeconds: 60, mustSucceed: true },
};

test('a machine with scripts begins with a conversion that had none, and takes them from a disk', async (t) => {
  const bed = await makeBed(t);
  await keepOne(bed, DONE, specifyDisks(FIRST, 1), { preparesForScripts: true });
  const wish = { preparedConversion: NAME, postLaunchScripts: [SCRIPT] };
  const machine = await bed.context(specify(SECOND, wish));
  assert.equal(await usePreparedConversion(machine), true);
  assert.deepEqual(
    machine.record().postLaunch?.map(({ state }) => state),
    ['PENDING'],
  );
  const { scriptsDiskPath = '' } = await scriptsDiskFor(machine);
  assert.deepEqual(await readFile(scriptsDiskPath), scriptsDisk([SCRIPT]));
  await writeFile(scriptsDiskPath, 'as the guest has left it');
  assert.deepEqual(await scriptsDiskFor(machine), { scriptsDiskPath });
  assert.equal(await readFile(scriptsDiskPath, 'utf8'), 'as the guest has left it', 'not a second time');
  const [outcome] = machine.record().postLaunch ?? [];
  assert.ok(outcome !== undefined);
  await machine.update({ postLaunch: [{ ...outcome, state: 'SUCCEEDED' }] });
  assert.deepEqual(await scriptsDiskFor(machine), {}, 'when they have ended it is gone');
  await assert.rejects(readFile(scriptsDiskPath), { code: 'ENOENT' });
});

test('what a kept guest cannot run is said of every machine that begins with it', async (t) => {
  const bed = await makeBed(t);
  const scriptsImpossible = 'the guest has neither systemd nor /etc/rc.local to start them';
  await keepOne(bed, { ...DONE, scriptsImpossible }, specifyDisks(FIRST, 1), { preparesForScripts: true });
  const wish = { preparedConversion: NAME, postLaunchScripts: [SCRIPT] };
  const machine = await bed.context(specify(SECOND, wish));
  assert.equal(await usePreparedConversion(machine), true);
  const [outcome] = machine.record().postLaunch ?? [];
  assert.deepEqual([outcome?.state, outcome?.output], ['NOT_RUN', scriptsImpossible]);
  assert.deepEqual(await scriptsDiskFor(machine), {});
  const without = await bed.context(specify('i-00000000000000003', { preparedConversion: NAME }));
  assert.equal(await usePreparedConversion(without), true);
  assert.equal(without.record().postLaunch, undefined);
  assert.deepEqual(await scriptsDiskFor(without), {});
});

test('overlays that were copied before one could not be are removed', async (t) => {
  const bed = await makeBed(t);
  const machine = await contextWithTwoDisks(bed);
  await writeFile(bed.services.kept.overlayPath(NAME, 'disk-1'), 'torn');
  assert.equal(await usePreparedConversion(machine), false);
  assert.deepEqual(await readdir(machine.folder), []);
});

const skip = process.getuid?.() === 0 ? false : 'mounting a small file system needs root';

test('room is needed for all overlays together, before the first is copied', { skip }, async (t) => {
  const bed = await makeBed(t);
  const machine = await contextWithTwoDisks(bed);
  const overlay = bed.services.kept.overlayPath(NAME, 'disk-1');
  const { bytesOnDisk } = await inspectImage(overlay);
  // For either of them, but not for both.
  const sizeBytes = 512 * MIB + Math.trunc(bytesOnDisk * 1.5);
  await runChecked(['mount', '-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', machine.folder]);
  try {
    assert.equal(await usePreparedConversion(machine), false);
    assert.deepEqual(await readdir(machine.folder), []);
  } finally {
    await runChecked(['umount', machine.folder]);
  }
});

test('an address that the guest was given has to be that of its network', async (t) => {
  const bed = await makeBed(t);
  const use = async (givenAddress: string) => {
    await keepOne(bed, { ...DONE, givenAddress });
    const machine = await bed.context(specify(SECOND, { preparedConversion: NAME }));
    return await usePreparedConversion(machine);
  };
  assert.equal(await use('192.168.219.77/24'), false);
  assert.equal(await use('10.0.2.15/24'), true);
});

test('K2: a restart finds what was kept whole, and removes the rest', async (t) => {
  const bed = await makeBed(t);
  await keepOne(bed);
  const folder = join(bed.stateDir, 'conversions');
  await mkdir(join(folder, '.new-half'));
  await mkdir(join(folder, 'empty'));
  await mkdir(join(folder, 'misnamed'));
  await copyFile(join(folder, NAME, 'conversion.json'), join(folder, 'misnamed', 'conversion.json'));
  const again = new KeptConversions(folder);
  await again.open();
  assert.deepEqual(await readdir(folder), [NAME]);
  const [facts] = again.list();
  assert.deepEqual(facts?.recoveryPoint, POINT);
  assert.ok((facts?.bytes ?? 0) > 0);
  assert.deepEqual(await again.keepOnly(new Set([NAME])), []);
  assert.deepEqual(await again.keepOnly(new Set()), [NAME]);
  assert.deepEqual(await readdir(folder), []);
});

test('a name that is no file name, and a machine without its point, keep nothing', async (t) => {
  const bed = await makeBed(t);
  for (const name of ['../x', '', '.new-x']) {
    await keepConversion(await bed.context(specify(FIRST, { keepConversionAs: name })), DONE);
  }
  const { recoveryPoint: _, ...pointless } = specify(FIRST, { keepConversionAs: NAME });
  await keepConversion(await bed.context(pointless), DONE);
  assert.deepEqual(bed.services.kept.list(), []);
});
