import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { MachineSpecification, MachineStatus } from '@landfall/channel';
import { silentLogger, systemClock } from '@landfall/runtime';
import { createLaunchHost, type LaunchHost } from './launch-host.ts';
import { MachineStore, makeDurable, readTail } from './machine/file-machine-store.ts';
import { newRecord, toStatus } from './machine/machine-record.ts';

const MACHINE_ID = 'i-0123456789abcdef0';
const DISK = {
  diskId: 'disk-0',
  deviceName: '/dev/sda',
  sizeBytes: 1024,
  isBootDisk: true,
  nbdUri: 'nbd+unix:///d?socket=/none',
};
const SPECIFICATION: MachineSpecification = {
  machineId: MACHINE_ID,
  name: 'server',
  purpose: 'TEST',
  disks: [DISK],
  cpuCount: 1,
  memoryBytes: 256 * 2 ** 20,
  bootMode: 'USE_SOURCE',
  disposition: 'STARTED',
  publishedPorts: [80],
};

const SCRIPT = {
  actionId: 'a',
  name: 'a',
  order: 1,
  script: '#!/bin/sh\n',
  parameters: {},
  timeoutSeconds: 1,
  mustSucceed: false,
};

async function withHost(use: (host: LaunchHost, stateDir: string) => Promise<void>): Promise<void> {
  const stateDir = await mkdtemp(join(tmpdir(), 'lh-'));
  const host = createLaunchHost({
    stateDir,
    logger: silentLogger,
    clock: systemClock,
    accelerator: 'tcg',
    viewTimeoutSeconds: 0,
  });
  try {
    await host.start();
    await use(host, stateDir);
  } finally {
    await host.stop();
    await rm(stateDir, { recursive: true, force: true });
  }
}

async function waitForPhase(host: LaunchHost, phase: MachineStatus['phase']): Promise<MachineStatus> {
  for (;;) {
    const status = await host.handlers.describeMachine({ machineId: MACHINE_ID });
    if (status.phase === phase) return status;
    await systemClock.sleep(10);
  }
}

test('a view that nobody serves fails the launch with a hint, also after a restart', async () => {
  await withHost(async (host, stateDir) => {
    assert.equal((await host.handlers.ensureMachine(SPECIFICATION)).phase, 'CONVERTING');
    const failed = await waitForPhase(host, 'FAILED');
    assert.equal(failed.error?.code, 'VIEW_UNREACHABLE');
    assert.ok((failed.error?.hint ?? '').length > 0);
    assert.equal(
      (await host.handlers.ensureMachine(SPECIFICATION)).phase,
      'FAILED',
      'it is not tried again by itself',
    );
    await host.stop();
    const next = createLaunchHost({
      stateDir,
      logger: silentLogger,
      clock: systemClock,
      accelerator: 'tcg',
      viewTimeoutSeconds: 0,
    });
    await next.start();
    assert.deepEqual(
      (await next.report()).machines.map((each) => each.phase),
      ['FAILED'],
    );
    assert.equal((await next.handlers.terminateMachine({ machineId: MACHINE_ID })).phase, 'TERMINATED');
    assert.deepEqual((await next.report()).machines, []);
    assert.equal(
      (await next.handlers.ensureMachine(SPECIFICATION)).phase,
      'TERMINATED',
      'an id is used once',
    );
    await next.stop();
  });
});

test('asked for the same machine many times at once, it launches one', async () => {
  await withHost(async (host) => {
    const asked = Array.from({ length: 20 }, () => host.handlers.ensureMachine(SPECIFICATION));
    for (const status of await Promise.all(asked)) assert.equal(status.machineId, MACHINE_ID);
    assert.equal((await waitForPhase(host, 'FAILED')).error?.code, 'VIEW_UNREACHABLE');
    assert.equal((await host.report()).machines.length, 1);
  });
});

test('what is unknown is MACHINE_UNKNOWN, except for termination, which it has reached already', async () => {
  await withHost(async (host) => {
    await assert.rejects(host.handlers.describeMachine({ machineId: MACHINE_ID }), {
      code: 'MACHINE_UNKNOWN',
    });
    await assert.rejects(host.handlers.readConsole({ machineId: '../../etc', tailBytes: 1 }), {
      code: 'MACHINE_UNKNOWN',
    });
    await assert.rejects(host.handlers.terminateMachine({ machineId: '../../etc' }), {
      code: 'MACHINE_UNKNOWN',
    });
    assert.equal((await host.handlers.terminateMachine({ machineId: MACHINE_ID })).phase, 'TERMINATED');
  });
});

test('a specification that makes no machine is refused before anything is kept', async () => {
  const wrong: readonly Partial<MachineSpecification>[] = [
    { machineId: 'i-1' },
    { disks: [] },
    { disks: [DISK, { ...DISK, diskId: 'disk-1' }] },
    { disks: [DISK, { ...DISK, isBootDisk: false }] },
    { disks: [{ ...DISK, diskId: '../x' }] },
    { publishedPorts: [0] },
    { publishedPorts: [80, 80] },
    { cpuCount: 0 },
    { postLaunchScripts: [{ ...SCRIPT, actionId: '../../etc' }] },
    { postLaunchScripts: [SCRIPT, SCRIPT] },
    { postLaunchScripts: [{ ...SCRIPT, parameters: { 'a;reboot': '' } }] },
    { postLaunchScripts: [{ ...SCRIPT, parameters: { a: '\0' } }] },
    { postLaunchScripts: [{ ...SCRIPT, timeoutSeconds: 0 }] },
  ];
  await withHost(async (host) => {
    for (const changes of wrong) {
      const refused = host.handlers.ensureMachine({ ...SPECIFICATION, ...changes });
      await assert.rejects(refused, { code: 'MACHINE_SPECIFICATION_INVALID' }, JSON.stringify(changes));
    }
    const uri = host.handlers.ensureMachine({ ...SPECIFICATION, disks: [{ ...DISK, nbdUri: '/dev/sda' }] });
    await assert.rejects(uri, { code: 'NBD_URI_INVALID' });
    assert.deepEqual((await host.report()).machines, []);
  });
});

test('a machine without disks of its own cannot be filled in yet', async () => {
  await withHost(async (host) => {
    await host.handlers.ensureMachine(SPECIFICATION);
    await assert.rejects(host.handlers.hydrateMachine({ machineId: MACHINE_ID }), {
      code: 'MACHINE_NOT_READY',
    });
    await assert.rejects(host.handlers.takeScreenshot({ machineId: MACHINE_ID }), {
      code: 'MACHINE_NOT_READY',
    });
    assert.deepEqual(await host.handlers.readConsole({ machineId: MACHINE_ID, tailBytes: 100 }), {
      text: '',
    });
  });
});

test('records survive on disk, and published ports are told only of a machine that runs', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'lh-'));
  try {
    const store = new MachineStore(stateDir);
    await store.open();
    const record = { ...newRecord(SPECIFICATION), published: [{ guestPort: 80, hostPort: 18080 }] };
    await store.save(record);
    assert.deepEqual(await store.loadAll(), [record]);
    assert.deepEqual(toStatus(record).published, []);
    assert.deepEqual(toStatus({ ...record, phase: 'RUNNING' }).published, [
      { guestPort: 80, host: '127.0.0.1', port: 18080 },
    ]);
    const path = join(store.folderOf(MACHINE_ID), 'machine.json');
    await makeDurable(path);
    assert.equal(await readTail(path, 2), '}\n');
    await store.remove(record);
    assert.deepEqual(await store.loadAll(), []);
    assert.deepEqual(await store.loadTerminated(MACHINE_ID), record);
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
});

test('conversions that are not wanted any more are removed; without word of it all stay', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'lh-'));
  const common = { logger: silentLogger, clock: systemClock, accelerator: 'tcg' } as const;
  const host = createLaunchHost({ stateDir, ...common, viewTimeoutSeconds: 0 });
  try {
    const kept = { version: 2, recoveryPoint: { sourceServerId: 's-1', epoch: 1, cutTimeMs: 1 }, bytes: 1 };
    for (const name of ['s-1.1.1', 's-1.2.2']) {
      await mkdir(join(stateDir, 'conversions', name), { recursive: true });
      const path = join(stateDir, 'conversions', name, 'conversion.json');
      await writeFile(path, JSON.stringify({ ...kept, name, keptAtMs: 1 }));
    }
    await host.start();
    const names = async () => ((await host.report()).keptConversions ?? []).map(({ name }) => name).sort();
    await host.applyConfiguration({});
    assert.deepEqual(await names(), ['s-1.1.1', 's-1.2.2']);
    await host.handlers.ensureMachine({ ...SPECIFICATION, keepConversionAs: 's-1.1.1' });
    await host.applyConfiguration({ keptConversions: [] });
    assert.deepEqual(await names(), ['s-1.1.1'], 'a machine of it is on its way');
    await host.handlers.terminateMachine({ machineId: MACHINE_ID });
    await host.applyConfiguration({ keptConversions: [] });
    assert.deepEqual(await readdir(join(stateDir, 'conversions')), []);
  } finally {
    await host.stop();
    await rm(stateDir, { recursive: true, force: true });
  }
});

test('one machine that cannot be found again does not keep the others, nor the launch host, from it', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'lh-'));
  const store = new MachineStore(stateDir);
  await store.open();
  const ids = ['i-00000000000000001', 'i-00000000000000002'];
  for (const machineId of ids) {
    const record = newRecord({ ...SPECIFICATION, machineId });
    await store.save({ ...record, phase: 'STOPPED', conversion: { ...record.conversion, done: true } });
  }
  // As a broken file system answers: it cannot be read.
  await mkdir(join(store.folderOf(ids[0] ?? ''), 'qemu.pid'));
  const common = { logger: silentLogger, clock: systemClock, accelerator: 'tcg' } as const;
  const host = createLaunchHost({ stateDir, ...common, viewTimeoutSeconds: 0 });
  try {
    await host.start();
    const machines = new Map((await host.report()).machines.map((each) => [each.machineId, each]));
    assert.match(machines.get(ids[0] ?? '')?.error?.message ?? '', /EISDIR/);
    assert.equal(machines.get(ids[1] ?? '')?.error, undefined);
    assert.equal(machines.get(ids[1] ?? '')?.phase, 'STOPPED');
  } finally {
    await host.stop();
    await rm(stateDir, { recursive: true, force: true });
  }
});
