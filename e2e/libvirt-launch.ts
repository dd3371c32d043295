/**
 * The launch host on libvirt, from a machine that was converted (which does not depend on the host) to one
 * that was terminated, with libvirtd going away and the launch host restarted in between.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createLaunchHost, type LaunchHost } from '../apps/launch-host/src/launch-host.ts';
import { newRecord } from '../apps/launch-host/src/machine/machine-record.ts';
import type { MachineSpecification, MachineStatus } from '../packages/channel/src/index.ts';
import { createOverlay } from '../packages/launch/src/index.ts';
import { runChecked, silentLogger, systemClock } from '../packages/runtime/src/index.ts';
import { beginLibvirtd, endLibvirtd } from './libvirt-process.ts';
import { MachineView } from './machine-views.ts';

const MACHINE_ID = 'i-00000000000000abc';
const SIZE_BYTES = 8 * 2 ** 20;

export function describeLaunchOnLibvirt(): void {
  describe('a launch host on libvirt', () => {
    test('goes on through the loss of libvirtd and of itself', { timeout: 900_000 }, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'll-'));
      const disk = { diskId: 'disk-0', sizeBytes: SIZE_BYTES, action: 'READ_AGAIN' } as const;
      const view = await MachineView.serve(folder, disk);
      try {
        await prepareConverted(join(folder, 'state'), view);
        await goThrough(() => open(join(folder, 'state')), view);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  });
}

async function goThrough(create: () => LaunchHost, view: MachineView): Promise<void> {
  // A libvirtd that is not there yet is waited for.
  await endLibvirtd();
  const first = create();
  const opened = first.start();
  await beginLibvirtd();
  await opened;
  await until(first, (status) => status.phase === 'RUNNING');
  const names = (await first.report()).networks?.map((network) => network.name);
  assert.ok(names?.includes('landfall-isolated'));

  await endLibvirtd();
  assert.equal((await first.handlers.describeMachine({ machineId: MACHINE_ID })).phase, 'RUNNING');
  assert.equal((await first.report()).machines.length, 1, 'it still says what it knows');
  await first.stop();
  await beginLibvirtd();

  const second = create();
  await second.start();
  await second.handlers.hydrateMachine({ machineId: MACHINE_ID });
  const full = await until(second, (status) => status.hydration.state === 'COMPLETE');
  assert.equal(full.hydration.doneBytes, SIZE_BYTES);
  assert.equal(full.phase, 'RUNNING');
  await view.end();
  const { pngBase64 } = await second.handlers.takeScreenshot({ machineId: MACHINE_ID });
  assert.equal(Buffer.from(pngBase64, 'base64').toString('latin1', 1, 4), 'PNG');
  const { text } = await second.handlers.readConsole({ machineId: MACHINE_ID, tailBytes: 1000 });
  assert.match(text, /^B/);

  assert.equal((await second.handlers.terminateMachine({ machineId: MACHINE_ID })).phase, 'TERMINATED');
  assert.equal((await runChecked(['virsh', '--quiet', 'list', '--all', '--name'])).stdout.trim(), '');
  assert.equal((await runChecked(['virsh', '--quiet', 'pool-list', '--all', '--name'])).stdout.trim(), '');
  await second.stop();
}

function open(stateDir: string): LaunchHost {
  const options = { stateDir, logger: silentLogger, clock: systemClock, accelerator: 'tcg' } as const;
  return createLaunchHost({ ...options, host: { kind: 'libvirt' } });
}

/** What a launch host that was killed right after a conversion leaves behind. */
async function prepareConverted(stateDir: string, view: MachineView): Promise<void> {
  const { diskId, sizeBytes, nbdUri } = view;
  const specification: MachineSpecification = {
    machineId: MACHINE_ID,
    name: 'server',
    purpose: 'TEST',
    disks: [{ diskId, deviceName: '/dev/sda', sizeBytes, isBootDisk: true, nbdUri }],
    cpuCount: 1,
    memoryBytes: 64 * 2 ** 20,
    bootMode: 'LEGACY_BIOS',
    disposition: 'STARTED',
    publishedPorts: [],
  };
  const folder = join(stateDir, 'machines', MACHINE_ID);
  await mkdir(folder, { recursive: true });
  await createOverlay({ path: join(folder, `overlay-${diskId}.qcow2`), nbdUri, sizeBytes });
  const record = newRecord(specification);
  const conversion = { ...record.conversion, done: true };
  await writeFile(
    join(folder, 'machine.json'),
    JSON.stringify({ ...record, phase: 'CONVERTED', conversion }),
  );
}

async function until(
  host: LaunchHost,
  isReached: (status: MachineStatus) => boolean,
): Promise<MachineStatus> {
  for (;;) {
    const status = await host.handlers.describeMachine({ machineId: MACHINE_ID });
    if (isReached(status)) return status;
    if (status.phase === 'FAILED') assert.fail(`${status.error?.code}: ${status.error?.message}`);
    await systemClock.sleep(100);
  }
}
