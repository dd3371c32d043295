import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guestOf } from './golden-guests.testing.ts';
import {
  bootloadersOf,
  cloudInitOf,
  hypervisorToolsOf,
  parseArrays,
  parseStatvfs,
  parseVolumeGroups,
  seLinuxOf,
  spaceOf,
} from './guest-facts.ts';

function factsOf(present: readonly string[], files: Readonly<Record<string, string>> = {}) {
  const { facts } = guestOf({ files });
  return { ...facts, present: new Set(present) };
}

test('what LVM, lsblk and libguestfs print is read', () => {
  assert.deepEqual(
    parseVolumeGroups('  vg           0\n  archive  2\n\n  WARNING: VG archive was missing PV 7\n'),
    [
      { name: 'vg', missingDisks: 0 },
      { name: 'archive', missingDisks: 2 },
    ],
  );
  const blocks = 'PATH="/dev/sda1" TYPE="part"\nPATH="/dev/md0" TYPE="raid1"\nPATH="/dev/md0" TYPE="raid1"\n';
  assert.deepEqual(parseArrays(blocks), [{ device: '/dev/md0', level: 'raid1' }]);
  assert.deepEqual(parseStatvfs('/', 'bsize: 4096\nfrsize: 1024\nblocks: 100\nbfree: 60\nbavail: 50\n'), {
    ...{ mountPoint: '/', freeBytes: 51_200, totalBytes: 102_400 },
  });
  assert.equal(parseStatvfs('/', ''), undefined);
});

test('bootloaders are told by their own files', () => {
  const cases = [
    [['/boot/grub2/grub.cfg'], ['GRUB 2']],
    [['/boot/efi/EFI/rocky/grub.cfg'], ['GRUB 2']],
    [['/efi/EFI/systemd/systemd-bootx64.efi'], ['systemd-boot']],
    [
      ['/boot/extlinux/extlinux.conf', '/boot/grub/menu.lst'],
      ['GRUB Legacy', 'EXTLINUX'],
    ],
    [[], []],
  ] as const;
  for (const [present, expected] of cases) assert.deepEqual(bootloadersOf(factsOf(present)), expected);
});

test("tools of hypervisors are told apart, VMware's own from the distribution's", () => {
  const namesOf = (...present: string[]) => hypervisorToolsOf(factsOf(present)).map(({ name }) => name);
  assert.deepEqual(namesOf('/usr/bin/vmtoolsd'), ['open-vm-tools']);
  assert.deepEqual(namesOf('/usr/bin/vmtoolsd', '/etc/vmware-tools/locations'), ['VMware Tools']);
  assert.deepEqual(namesOf('/usr/lib/linux-tools-6.8/hv_kvp_daemon'), ['hyperv-daemons']);
  assert.deepEqual(namesOf('/usr/sbin/xe-daemon', '/usr/sbin/VBoxService', '/usr/sbin/qemu-ga'), [
    'xe-guest-utilities',
    'VirtualBox Guest Additions',
    'qemu-guest-agent',
  ]);
});

test('cloud-init and SELinux are told by their settings', () => {
  const cloud = ['/etc/cloud/cloud.cfg'];
  assert.equal(cloudInitOf(factsOf([])), 'absent');
  assert.equal(cloudInitOf(factsOf(cloud)), 'writes the network');
  assert.equal(cloudInitOf(factsOf([...cloud, '/etc/cloud/cloud-init.disabled'])), 'absent');
  for (const text of ['network: {config: disabled}\n', 'network:\n  config: disabled\n']) {
    const files = { '/etc/cloud/cloud.cfg.d/99-network.cfg': text };
    assert.equal(cloudInitOf(factsOf(cloud, files)), 'leaves the network alone');
  }
  assert.equal(seLinuxOf(factsOf([])), undefined);
  assert.equal(
    seLinuxOf(factsOf([], { '/etc/selinux/config': '#SELINUX=x\nSELINUX=permissive\n' })),
    'permissive',
  );
});

test('a path lies on the innermost mount', () => {
  const space = (mountPoint: string) => ({ mountPoint, freeBytes: 1, totalBytes: 2 });
  const facts = { ...factsOf([]), spaces: [space('/'), space('/boot'), space('/boot/efi')] };
  assert.equal(spaceOf(facts, '/boot/initrd.img')?.mountPoint, '/boot');
  assert.equal(spaceOf(facts, '/boot/efi/EFI')?.mountPoint, '/boot/efi');
  assert.equal(spaceOf(facts, '/bootx')?.mountPoint, '/');
});
