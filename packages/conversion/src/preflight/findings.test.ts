import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FINDING_CODES, type Finding } from '@landfall/model';
import fc from 'fast-check';
import {
  DEBIAN_11_BIOS,
  DEBIAN_12_UEFI,
  DEBIAN_13_LVM,
  GOLDEN_GUESTS,
  type GoldenGuest,
  guestOf,
  kernelOf,
  LUKS_ROOT,
  RHEL_LIKE,
  VMWARE_GUEST,
  WINDOWS,
} from '../guest/golden-guests.testing.ts';
import { oneOf, someGuest } from '../guest/some-guest.testing.ts';
import { type Examination, examine, findingsOf, type PreflightTarget, sourceNameOf } from './findings.ts';
import { inventoryOf } from './inventory.ts';

const TARGET: PreflightTarget = {
  macAddress: '52:54:00:aa:bb:cc',
  given: { address: '10.0.2.15/24', gateway: '10.0.2.2' },
  bootMode: 'USE_SOURCE',
  hasUefiFirmware: true,
  hasVirtV2v: false,
};

function examineGolden({ facts, found }: GoldenGuest): Examination {
  return examine(facts, found, TARGET);
}

function codesOf(guest: GoldenGuest, target: Partial<PreflightTarget> = {}): string[] {
  const findings = findingsOf(examineGolden(guest), { ...TARGET, ...target });
  return [...new Set(findings.map(({ code }) => code))];
}

function uefiGuestWith(present: readonly string[]): GoldenGuest {
  const spaces = [{ mountPoint: '/boot/efi', freeBytes: 2 ** 26, totalBytes: 2 ** 27 }];
  return guestOf({
    inspection: { hasBiosBootCode: false, hasEfiPartition: true },
    facts: { spaces },
    present,
  });
}

function linesOf(guest: GoldenGuest): string[] {
  return inventoryOf(examineGolden(guest)).map(({ name, value }) => `${name}: ${value}`);
}

test('a guest that starts on the target as it is has no findings', () => {
  assert.deepEqual(codesOf(guestOf({ files: { '/etc/network/interfaces': 'iface lo inet loopback\n' } })), [
    'NETWORK_UNKNOWN',
  ]);
});

test('Debian 11 from other hardware: everything is fixed, nothing is in the way', () => {
  assert.deepEqual(codesOf(DEBIAN_11_BIOS), [
    'RESUME_BY_HARDWARE',
    'INITRAMFS_SETTINGS',
    'INITRAMFS_LACKS_DRIVERS',
    'FSTAB_BY_HARDWARE',
    'BOOTLOADER_BY_HARDWARE',
    'NETWORK_BY_HARDWARE',
    'NETWORK_NOT_DHCP',
  ]);
  const lines = linesOf(DEBIAN_11_BIOS);
  for (const line of [
    'firmware: BIOS',
    'bootloader: GRUB 2',
    'kernel: 5.10.0-28-amd64: virtio not in initramfs, AHCI not in initramfs, NVMe in initramfs, Xen not there',
    'root: ext4 on /dev/nvme0n1p1',
    'fstab: 2 volumes, 2 by a name of the hardware',
    'network: enp3s0 static (ifupdown)',
  ]) {
    assert.ok(lines.includes(line), `${line}\n${lines.join('\n')}`);
  }
});

test('Debian 12 in UEFI: cloud-init and the agent are seen; its loader is copied where firmware looks', () => {
  assert.deepEqual(codesOf(DEBIAN_12_UEFI), ['NETWORK_BY_HARDWARE', 'CLOUD_INIT_NETWORK', 'AGENT_INSTALLED']);
  assert.ok(linesOf(DEBIAN_12_UEFI).includes('firmware: UEFI'));
  assert.ok(linesOf(DEBIAN_12_UEFI).includes('EFI system partition: /dev/sda1'));
  const shim = ['/boot/efi/EFI/debian/shimx64.efi', '/boot/efi/EFI/debian/grubx64.efi'];
  assert.deepEqual(codesOf(uefiGuestWith(shim)), ['EFI_FALLBACK_MISSING', 'NETWORK_UNKNOWN']);
  assert.deepEqual(codesOf(uefiGuestWith([])), ['EFI_LOADER_MISSING', 'NETWORK_UNKNOWN']);
  assert.ok(codesOf(DEBIAN_12_UEFI, { hasUefiFirmware: false }).includes('FIRMWARE_ABSENT'));
  assert.deepEqual(codesOf(DEBIAN_12_UEFI, { bootMode: 'LEGACY_BIOS' })[0], 'BOOT_MODE_MISMATCH');
});

test('Debian 13 in LVM: a volume group without all of its disks blocks, a key file is noted', () => {
  assert.deepEqual(codesOf(DEBIAN_13_LVM), ['VOLUME_INCOMPLETE', 'DATA_UNLOCKED_BY_KEY', 'NETWORK_UNKNOWN']);
  assert.ok(linesOf(DEBIAN_13_LVM).includes('swap: /dev/mapper/vg-swap'));
});

test('what cannot be read is a blocker with the reason, and its disks are told of all the same', () => {
  assert.deepEqual(codesOf(LUKS_ROOT), ['ROOT_ENCRYPTED']);
  assert.ok(linesOf(LUKS_ROOT).includes('encrypted: /dev/sda2 crypto_LUKS'));
});

test('Windows is converted by virt-v2v where that is installed, else it runs as it is, on what it knows', () => {
  assert.deepEqual(codesOf(WINDOWS), ['WINDOWS_UNTESTED']);
  assert.ok(linesOf(WINDOWS).includes('runs on: SATA and e1000e'));
  const { facts, found } = WINDOWS;
  const target = { ...TARGET, hasVirtV2v: true };
  const findings = findingsOf(examine(facts, found, target), target);
  assert.deepEqual(
    findings.map(({ code }) => code),
    ['CONVERTED_BY_VIRT_V2V', 'WINDOWS_UNTESTED'],
  );
});

test('the method that a launch would use is the one that is told of', () => {
  const told = (guest: GoldenGuest, change: Partial<PreflightTarget>) => {
    const target = { ...TARGET, ...change };
    return findingsOf(examine(guest.facts, guest.found, target), target).map(({ code }) => code);
  };
  const deep = told(DEBIAN_11_BIOS, { method: 'VIRT_V2V', hasVirtV2v: true });
  assert.ok(deep.includes('CONVERTED_BY_VIRT_V2V'));
  assert.ok(!deep.includes('INITRAMFS_LACKS_DRIVERS'), 'virt-v2v puts them there');
  assert.ok(!told(DEBIAN_11_BIOS, { hasVirtV2v: true }).includes('CONVERTED_BY_VIRT_V2V'));
  assert.equal(told(DEBIAN_11_BIOS, { method: 'VIRT_V2V' })[0], 'VIRT_V2V_ABSENT');
  assert.equal(told(WINDOWS, { method: 'VIRT_V2V' })[0], 'VIRT_V2V_ABSENT');
  assert.deepEqual(told(WINDOWS, { method: 'LANDFALL', hasVirtV2v: true }), ['WINDOWS_UNTESTED']);
});

test('a guest of VMware with a passphrase to type', () => {
  const findings = findingsOf(examineGolden(VMWARE_GUEST), TARGET);
  assert.deepEqual(
    findings.filter(({ rank }) => rank === 'BLOCKER').map(({ code, what }) => `${code} ${what}`),
    ['DATA_ENCRYPTED /dev/sda5 (crypto_LUKS) asks for its passphrase'],
  );
  const tools = findings.find(({ code }) => code === 'HYPERVISOR_TOOLS');
  assert.equal(tools?.fix, '`apt-get purge open-vm-tools`');
});

test('a RHEL-like guest: SELinux, older kernels, lost interfaces, and no room to rebuild', () => {
  assert.deepEqual(codesOf(RHEL_LIKE), [
    'SPACE_MISSING',
    'INITRAMFS_SETTINGS',
    'INITRAMFS_LACKS_DRIVERS',
    'NETWORK_BY_HARDWARE',
    'NETWORK_NOT_DHCP',
    'SPACE_LOW',
    'OLDER_KERNELS',
    'INTERFACES_LOST',
    'HYPERVISOR_TOOLS',
    'SELINUX_ENFORCING',
    'SYSTEM_UNTESTED',
  ]);
});

test('what keeps a machine from starting before its kernel runs is a blocker', () => {
  const nothing = guestOf({ inspection: { hasBiosBootCode: false } });
  assert.ok(codesOf(nothing).includes('BOOTLOADER_MISSING'));
  const bare = { ...kernelOf('6.1', []), initramfs: undefined };
  assert.ok(codesOf(guestOf({ inspection: { kernels: [bare] } })).includes('INITRAMFS_MISSING'));
});

test('a guest that we do not understand runs on compatible hardware instead of being refused', () => {
  const guest = guestOf({ inspection: { kernels: [] } });
  assert.deepEqual(codesOf(guest), ['HARDWARE_COMPATIBLE', 'NETWORK_UNKNOWN']);
  assert.ok(linesOf(guest).includes('runs on: SATA and e1000e'));
  const { facts, found } = guest;
  const refused = examine(facts, found, { ...TARGET, hardware: 'VIRTIO' });
  assert.deepEqual(findingsOf(refused, TARGET)[0]?.code, 'KERNEL_MISSING');
});

test('an encrypted volume opens only by a key that is there and bound to nothing', () => {
  const luks = { device: '/dev/sda5', type: 'crypto_LUKS', uuid: '7', label: undefined, partUuid: undefined };
  const cases = [
    ['vault UUID=7 /key luks', ['/key'], 'DATA_UNLOCKED_BY_KEY'],
    ['vault UUID=7 /key luks', [], 'DATA_ENCRYPTED'],
    ['vault /dev/sda5', [], 'DATA_ENCRYPTED'],
    ['vault UUID=7 none luks,nofail', [], 'DATA_UNLOCKED_BY_KEY'],
    ['vault UUID=7 /key luks,tpm2-device=auto', ['/key'], 'DATA_ENCRYPTED'],
    ['# vault UUID=7 none luks', [], 'DATA_UNLOCKED_BY_KEY'],
  ] as const;
  for (const [line, present, expected] of cases) {
    const files = { '/etc/crypttab': `${line}\n` };
    const guest = guestOf({ files, present, facts: { filesystems: [luks] } });
    assert.ok(codesOf(guest).includes(expected), `${line}: ${codesOf(guest)}`);
  }
});

test('a mount by serial number is told of, whether or not its disk was replicated', () => {
  const files = {
    '/etc/fstab': 'UUID=1111 / ext4 defaults 0 1\n/dev/disk/by-id/ata-X /data ext4 defaults 0 2\n',
  };
  const guest = guestOf({ files });
  assert.deepEqual(codesOf(guest), ['FSTAB_BY_HARDWARE', 'MOUNT_UNCERTAIN', 'NETWORK_UNKNOWN']);
  const told = findingsOf(examineGolden(guest), TARGET).map(({ what }) => what);
  assert.doesNotMatch(told.join('\n'), /replicated/);
  assert.match(told[1] ?? '', /^\/data may be missing: /);
});

test('devices are told by the source, whatever the appliance calls them', () => {
  const disks = [{ diskId: 'd', isBootDisk: true, sourceName: '/dev/nvme0n1', applianceName: '/dev/sda' }];
  assert.equal(sourceNameOf('/dev/sda', { disks }), '/dev/nvme0n1');
  assert.equal(sourceNameOf('/dev/sda12', { disks }), '/dev/nvme0n1p12');
  assert.equal(sourceNameOf('/dev/sdab1', { disks }), '/dev/sdab1');
  assert.equal(sourceNameOf('/dev/mapper/vg-root', { disks }), '/dev/mapper/vg-root');
});

// --- for every guest -------------------------------------------------------------------------------------

function assertConsistent(examination: Examination, findings: readonly Finding[]): void {
  const fixed = findings.filter(({ rank }) => rank === 'WILL_BE_FIXED');
  const changes = examination.plan?.steps ?? [];
  assert.deepEqual(
    fixed.map(({ code, what }) => `${code} ${what}`),
    changes.map(({ finding, detail }) => `${finding} ${detail}`),
    'P1: what will be fixed is what the plan changes, each change once',
  );
  const blockers = findings.filter(({ rank }) => rank === 'BLOCKER');
  if (examination.refusal !== undefined)
    assert.ok(blockers.length > 0, 'P2: what a launch refuses is a blocker');
  for (const { code, rank, why, fix = '' } of findings) {
    assert.equal(FINDING_CODES[code as keyof typeof FINDING_CODES].rank, rank);
    assert.ok(why.length > 0 && fix.length > 0, `P3: ${code} has a reason and a remedy`);
  }
  const ranks = findings.map(({ rank }) => ['BLOCKER', 'WILL_BE_FIXED', 'NOTE'].indexOf(rank));
  assert.deepEqual(ranks, ranks.toSorted(), 'P4: worst first');
}

test('every change of the plan is a finding that will be fixed, and nothing else is', () => {
  for (const guest of Object.values(GOLDEN_GUESTS)) {
    const examination = examineGolden(guest);
    assertConsistent(examination, findingsOf(examination, TARGET));
  }
  const property = fc.property(
    someGuest,
    oneOf(['LEGACY_BIOS', 'UEFI', 'USE_SOURCE'] as const),
    (guest, bootMode) => {
      const examination = examineGolden(guest);
      assertConsistent(examination, findingsOf(examination, { ...TARGET, bootMode }));
      assert.ok(inventoryOf(examination).every(({ name, value }) => name !== '' && value !== ''));
    },
  );
  fc.assert(property, { numRuns: 500 });
});
