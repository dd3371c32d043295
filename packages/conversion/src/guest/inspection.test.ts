import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  compareVersionsDescending,
  parseBlkid,
  parseBlockDevices,
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
  const disks = [{ sourceName: '/dev/nvme0n1', applianceName: '/dev/sda' }];
  assert.deepEqual(parseBlockDevices(output, disks), [
    { device: '/dev/sda1', type: 'ext4', uuid: '1-1', label: 'my root', partUuid: 'a-01' },
    { device: '/dev/mapper/vg-root', type: 'xfs', uuid: '2-2', label: undefined, partUuid: undefined },
  ]);
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
