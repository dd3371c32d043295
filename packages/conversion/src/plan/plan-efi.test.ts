import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspectionOf } from '../guest/golden-guests.testing.ts';
import type { GuestInspection } from '../guest/inspection.ts';
import { applied } from './applied-inspection.testing.ts';
import { planConversion } from './plan.ts';
import { planEfiFallback } from './plan-efi.ts';

const TARGET = {
  macAddress: '52:54:00:aa:bb:cc',
  given: { address: '10.0.2.15/24', gateway: '10.0.2.2' },
};

function guestWith(folder: string, names: readonly string[], id = 'debian'): GuestInspection {
  const present = names.map((name) => `${folder}/${name}`);
  const os = { id, versionId: '', prettyName: id };
  return inspectionOf({ inspection: { os, hasBiosBootCode: false, hasEfiPartition: true }, present });
}

function copies(inspection: GuestInspection): string[] {
  return planEfiFallback(inspection).map((step) =>
    step.kind === 'COPY' ? `${step.from} ${step.to}` : step.kind,
  );
}

test('with shim: GRUB, its settings and the key manager lie beside the loader, which comes last', () => {
  const names = ['BOOTX64.CSV', 'fbx64.efi', 'grub.cfg', 'grubx64.efi', 'mmx64.efi', 'shimx64.efi'];
  const [from, to] = ['/boot/efi/EFI/debian', '/boot/efi/EFI/BOOT'];
  const inspection = guestWith(from, names);
  assert.deepEqual(copies(inspection), [
    `${from}/mmx64.efi ${to}/mmx64.efi`,
    `${from}/grubx64.efi ${to}/grubx64.efi`,
    `${from}/grub.cfg ${to}/grub.cfg`,
    `${from}/shimx64.efi ${to}/BOOTX64.EFI`,
  ]);
  assert.deepEqual(copies(applied(inspection, planEfiFallback(inspection))), [], 'once');
});

test('without shim GRUB is the loader; systemd-boot is its own', () => {
  assert.deepEqual(copies(guestWith('/efi/EFI/arch', ['grubx64.efi'])), [
    '/efi/EFI/arch/grubx64.efi /efi/EFI/BOOT/BOOTX64.EFI',
  ]);
  assert.deepEqual(copies(guestWith('/boot/EFI/systemd', ['systemd-bootx64.efi'])), [
    '/boot/EFI/systemd/systemd-bootx64.efi /boot/EFI/BOOT/BOOTX64.EFI',
  ]);
});

test("of several systems on one partition the guest's own is taken", () => {
  const present = ['ubuntu', 'redhat'].map((vendor) => `/boot/efi/EFI/${vendor}/shimx64.efi`);
  const os = { id: 'rhel', versionId: '9', prettyName: 'RHEL 9' };
  assert.deepEqual(copies(inspectionOf({ inspection: { os }, present })), [
    '/boot/efi/EFI/redhat/shimx64.efi /boot/efi/EFI/BOOT/BOOTX64.EFI',
  ]);
});

test('nothing is copied over a loader that is there in any spelling, nor where none is known', () => {
  const there = ['/boot/efi/EFI/debian/shimx64.efi', '/boot/efi/EFI/Boot/bootx64.efi'];
  assert.deepEqual(copies(inspectionOf({ present: there })), []);
  assert.deepEqual(copies(guestWith('/boot/efi/EFI/refind', ['refind_x64.efi'])), []);
});

test('only a machine that starts by UEFI needs it', () => {
  const inspection = guestWith('/boot/efi/EFI/debian', ['grubx64.efi']);
  const stepsFor = (bootMode: 'LEGACY_BIOS' | 'USE_SOURCE') =>
    planConversion(inspection, { ...TARGET, bootMode }).steps.map(({ kind }) => kind);
  assert.deepEqual(stepsFor('USE_SOURCE'), ['COPY']);
  assert.deepEqual(stepsFor('LEGACY_BIOS'), []);
});
