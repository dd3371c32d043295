import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowUuidsInGrubDefaults, rewriteKernelArguments } from './boot-configuration.ts';

const ROOT = { device: '/dev/sda1', type: 'ext4', uuid: '1111', label: undefined, partUuid: undefined };
const DEVICES = {
  root: ROOT,
  disks: [{ sourceName: '/dev/nvme0n1', applianceName: '/dev/sda' }],
  filesystems: [ROOT, { ...ROOT, device: '/dev/sda2', type: 'swap', uuid: '2222' }],
};

test('root= and resume= by device name become UUIDs everywhere in grub.cfg', () => {
  const before = `menuentry {
  linux /boot/vmlinuz root=/dev/nvme0n1p1 ro resume=/dev/nvme0n1p2 quiet
}
menuentry { linux /boot/vmlinuz root=/dev/nvme0n1p1 ro single }`;
  const { text, changes, unresolved } = rewriteKernelArguments(before, DEVICES);
  assert.match(text, /root=UUID=1111 ro resume=UUID=2222 quiet/);
  assert.match(text, /root=UUID=1111 ro single/);
  assert.equal(changes.length, 2);
  assert.deepEqual(unresolved, []);
});

test('a root that is named for other hardware is still our root; another device is reported', () => {
  const { text, unresolved } = rewriteKernelArguments('root=/dev/xvda1 resume=/dev/xvda2', DEVICES);
  assert.equal(text, 'root=UUID=1111 resume=/dev/xvda2');
  assert.deepEqual(unresolved, ['resume=/dev/xvda2']);
});

test('UUIDs, labels and volumes stay', () => {
  const text =
    "linux /vmlinuz root=UUID=1 ro\nlinux /v root=/dev/mapper/vg-0\nset root='hd0,msdos1'\nsnaproot=/dev/sda";
  assert.equal(rewriteKernelArguments(text, DEVICES).text, text);
});

test('a GRUB that was told not to use UUIDs is told so no more', () => {
  assert.equal(
    allowUuidsInGrubDefaults(
      'GRUB_TIMEOUT=0\nGRUB_DISABLE_LINUX_UUID=true\nGRUB_DISABLE_LINUX_PARTUUID=false\n',
    ),
    'GRUB_TIMEOUT=0\n# GRUB_DISABLE_LINUX_UUID=true\nGRUB_DISABLE_LINUX_PARTUUID=false\n',
  );
});
