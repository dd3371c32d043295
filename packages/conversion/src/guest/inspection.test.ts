import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BIOS_LOADER_PRESENCE,
  bootModeOf,
  compareVersionsDescending,
  parseBlkid,
  parseBlockDevices,
  parseDiskLinks,
  parseFilesystemList,
  parseOsRelease,
} from './inspection.ts';
import { knowsModule, parseKernelModules, withNeeded } from './kernel-modules.ts';

test('os-release is read with and without quotes', () => {
  const text = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n';
  assert.deepEqual(parseOsRelease(text), {
    id: 'debian',
    versionId: '12',
    prettyName: 'Debian GNU/Linux 12 (bookworm)',
  });
  assert.deepEqual(parseOsRelease(''), { id: 'linux', versionId: '', prettyName: 'linux' });
});

test('a guest with both ways to start does so by BIOS only if its boot sector finds a loader', () => {
  const both = { hasBiosBootCode: true, hasEfiPartition: true };
  const withLoader = (...present: string[]) => bootModeOf({ ...both, present: new Set(present) });
  assert.equal(withLoader('/boot/grub/grub.cfg', '/boot/efi/EFI/debian/grub.cfg'), 'UEFI');
  assert.equal(withLoader(), 'UEFI', 'code left over from another system');
  const loaders = ['/boot/grub/i386-pc', '/boot/grub2/i386-pc', '/boot/grub/stage2', '/etc/lilo.conf'];
  for (const path of [...loaders, '/boot/extlinux', '/boot/extlinux.conf', '/boot/ldlinux.sys']) {
    assert.ok(BIOS_LOADER_PRESENCE.includes(path.slice(1)), 'it is looked for');
    assert.equal(withLoader(path, '/boot/efi/EFI/BOOT/BOOTX64.EFI'), 'LEGACY_BIOS', path);
  }
  assert.equal(bootModeOf(both), 'LEGACY_BIOS', 'of a system that is not Linux nothing is known');
  const none = { present: new Set<string>() };
  assert.equal(bootModeOf({ ...none, hasBiosBootCode: true, hasEfiPartition: false }), 'LEGACY_BIOS');
  assert.equal(bootModeOf({ ...none, hasBiosBootCode: false, hasEfiPartition: true }), 'UEFI');
  assert.equal(bootModeOf({ ...none, hasBiosBootCode: false, hasEfiPartition: false }), 'LEGACY_BIOS');
});

test('the lists that libguestfs prints are read', () => {
  assert.deepEqual(
    parseFilesystemList('/dev/sda1: ext4\n/dev/vg/lv: xfs\nbtrfsvol:/dev/sda2/@: btrfs\n/dev/sdb: unknown\n'),
    [
      { device: '/dev/sda1', type: 'ext4' },
      { device: '/dev/vg/lv', type: 'xfs' },
      { device: 'btrfsvol:/dev/sda2/@', type: 'btrfs' },
      { device: '/dev/sdb', type: 'unknown' },
    ],
  );
  assert.equal(parseBlkid('DEVNAME: /dev/sda1\nUUID: 1-2\nTYPE: ext4\n').get('UUID'), '1-2');
});

test("what lsblk says of the guest's disks is read, and the appliance's own disk is left out", () => {
  const output = `PATH="/dev/sda" FSTYPE="" UUID="" LABEL="" PARTUUID=""
PATH="/dev/sda1" FSTYPE="ext4" UUID="1-1" LABEL="my root" PARTUUID="a-01"
PATH="/dev/mapper/vg-root" FSTYPE="xfs" UUID="2-2" LABEL="" PARTUUID=""
PATH="/dev/sdb" FSTYPE="ext2" UUID="3-3" LABEL="" PARTUUID=""
`;
  const links = 'lrwxrwxrwx 1 0 0 9 Nov 26 18:10 diska -> ../../sda\n';
  assert.deepEqual(parseBlockDevices(output, parseDiskLinks(links, ['diska'])), [
    { device: '/dev/sda1', type: 'ext4', uuid: '1-1', label: 'my root', partUuid: 'a-01' },
    { device: '/dev/mapper/vg-root', type: 'xfs', uuid: '2-2', label: undefined, partUuid: undefined },
  ]);
});

test("where the appliance's kernel found its own disk between the guest's, each is still told from it", () => {
  const output = `PATH="/dev/sda" FSTYPE="" UUID=""
PATH="/dev/sda1" FSTYPE="ext4" UUID="root"
PATH="/dev/sdb" FSTYPE="ext2" UUID="of the appliance itself"
PATH="/dev/sdc" FSTYPE="ext4" UUID="data"
`;
  const links = `total 0
lrwxrwxrwx 1 0 0 9 Nov 26 18:10 diska -> ../../sda
lrwxrwxrwx 1 0 0 10 Nov 26 18:10 diska1 -> ../../sda1
lrwxrwxrwx 1 0 0 9 Nov 26 18:10 diskb -> ../../sdc
`;
  const names = parseDiskLinks(links, ['diska', 'diskb']);
  assert.deepEqual(
    parseBlockDevices(output, names).map(({ device, uuid }) => `${device} ${uuid}`),
    ['/dev/sda1 root', '/dev/sdb data'],
  );
  assert.deepEqual(parseBlockDevices(output, parseDiskLinks('', ['diska'])), []);
});

test('kernels are ordered like bootloaders order them, newest first', () => {
  const versions = ['5.10.0-9-amd64', '6.1.0-10-amd64', '6.1.0-9-amd64', '5.10.0-30-amd64'];
  assert.deepEqual([...versions].sort(compareVersionsDescending), [
    '6.1.0-10-amd64',
    '6.1.0-9-amd64',
    '5.10.0-30-amd64',
    '5.10.0-9-amd64',
  ]);
});

test('a module brings along what it needs, and what is built in needs nothing', () => {
  const modules = parseKernelModules(
    'kernel/a-b.ko.zst: kernel/c.ko.zst kernel/d.ko.zst\nkernel/c.ko.zst:\n',
    'kernel/ext4.ko\n',
  );
  assert.deepEqual(withNeeded(modules, 'a_b'), ['c', 'd', 'a_b']);
  assert.deepEqual(withNeeded(modules, 'ext4'), []);
  assert.ok(knowsModule(modules, 'ext4') && knowsModule(modules, 'a-b') && !knowsModule(modules, 'nvme'));
});
