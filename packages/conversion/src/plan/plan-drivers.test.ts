import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspectionOf, kernelOf } from '../guest/golden-guests.testing.ts';
import type { GuestInspection, InspectedKernel } from '../guest/inspection.ts';
import { parseKernelModules } from '../guest/kernel-modules.ts';
import { planDrivers } from './plan-drivers.ts';
import type { TargetHardware } from './target-hardware.ts';

const PATH = '/boot/initrd.img-6.1';
const AHCI = ['ahci', 'libahci', 'sd_mod', 'scsi_mod'];
const VIRTIO = ['virtio', 'virtio_ring', 'virtio_pci', 'virtio_blk'];

function guestWith(changes: Partial<InspectedKernel>, inspection: Partial<GuestInspection> = {}) {
  const kernels = [{ ...kernelOf('6.1', [], 'lz4'), ...changes }];
  return inspectionOf({ inspection: { kernels, initramfsBuilder: 'unknown', ...inspection } });
}

/** Hardware, steps and notes in a word each; the code of its finding, when it is refused. */
function outcomeOf(inspection: GuestInspection, asked?: TargetHardware): string {
  try {
    const { hardware, steps, notes } = planDrivers(inspection, asked);
    const words = [...steps.map(({ kind }) => kind), ...notes.map(({ finding }) => finding)];
    return [hardware, ...words].join(' ');
  } catch (error) {
    return String((error as { context?: { finding?: string } }).context?.finding);
  }
}

const unknownKernel = { modules: parseKernelModules('', ''), indexFiles: [] };
const unread = { initramfs: { path: PATH, content: undefined } };
const builtIn = (...names: readonly string[]) => ({
  modules: parseKernelModules('', names.map((name) => `kernel/${name}.ko\n`).join('')),
  initramfs: undefined,
});

test('each kind of guest gets the best hardware that it is known to start on, or the benefit of the doubt', () => {
  const inside = (names: readonly string[]) => ({ initramfs: kernelOf('6.1', names, 'lz4').initramfs });
  const cases: readonly [string, GuestInspection, string][] = [
    ['ready for virtio', guestWith(inside(VIRTIO)), 'VIRTIO'],
    ['no kernel in /boot', inspectionOf({ inspection: { kernels: [] } }), 'COMPATIBLE HARDWARE_COMPATIBLE'],
    ['kernel without a list of modules', guestWith(unknownKernel), 'COMPATIBLE HARDWARE_COMPATIBLE'],
    ['unreadable, unknown builder', guestWith(unread), 'COMPATIBLE HARDWARE_COMPATIBLE'],
    ['readable, closed, with AHCI', guestWith(inside(AHCI)), 'COMPATIBLE HARDWARE_COMPATIBLE'],
    ['readable, closed, with neither', guestWith(inside([])), 'INITRAMFS_FIXED'],
    ['no initramfs, all modules', guestWith({ initramfs: undefined }), 'INITRAMFS_MISSING'],
    ['virtio built in', guestWith(builtIn('virtio_pci', 'virtio_blk', 'virtio_net')), 'VIRTIO'],
    [
      'a kernel of its own, without virtio',
      guestWith(builtIn('ahci', 'sd_mod', 'e1000e')),
      'COMPATIBLE HARDWARE_COMPATIBLE',
    ],
    [
      'a kernel of its own, for another network card',
      guestWith(builtIn('ahci', 'sd_mod', 'igb')),
      'COMPATIBLE HARDWARE_COMPATIBLE NETWORK_DRIVER_MISSING',
    ],
    ['a kernel for neither', guestWith(builtIn('nvme')), 'DRIVERS_MISSING'],
  ];
  for (const [name, inspection, expected] of cases) assert.equal(outcomeOf(inspection), expected, name);
});

test('hardware that is asked for is given or refused, and nothing else is tried', () => {
  assert.equal(outcomeOf(guestWith(unread), 'VIRTIO'), 'INITRAMFS_FIXED');
  assert.equal(outcomeOf(inspectionOf({ inspection: { kernels: [] } }), 'VIRTIO'), 'KERNEL_MISSING');
  const nvmeOnly = inspectionOf({ inspection: { kernels: [kernelOf('6.1', ['nvme'])] } });
  const plan = planDrivers(nvmeOnly, 'COMPATIBLE');
  assert.deepEqual(
    plan.steps.map(({ kind }) => kind),
    ['WRITE_FILE', 'EXTEND_INITRAMFS'],
  );
  const [settings, extend] = plan.steps;
  assert.ok(settings?.kind === 'WRITE_FILE' && extend?.kind === 'EXTEND_INITRAMFS');
  assert.deepEqual([...extend.modules].sort(), [...AHCI].sort());
  assert.match(settings.text, /^ahci\nsd_mod$/m);
});

test('a guest whose initramfs is rebuilt by its own tools stays on virtio, and is rebuilt once', () => {
  const before = guestWith(unread, { initramfsBuilder: 'dracut' });
  const { steps } = planDrivers(before);
  assert.deepEqual(
    steps.map(({ kind }) => kind),
    ['WRITE_FILE', 'RUN_IN_GUEST'],
  );
  const [settings] = steps;
  assert.ok(settings?.kind === 'WRITE_FILE');
  const files = new Map([[settings.path, settings.text]]);
  assert.equal(outcomeOf({ ...before, files }), 'VIRTIO');
});

test('an older kernel that cannot be made ready keeps no newer one from starting', () => {
  const kernels = [kernelOf('6.2', VIRTIO), { ...kernelOf('6.1', []), ...unread }];
  const inspection = inspectionOf({ inspection: { kernels, initramfsBuilder: 'unknown' } });
  assert.equal(outcomeOf(inspection), 'VIRTIO');
});
