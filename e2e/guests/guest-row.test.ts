import assert from 'node:assert/strict';
import test from 'node:test';
import { findFaults, parseFacts } from './guest-facts.ts';
import { applianceDevice, DATA_DISK_BYTES, layOut, ROOT_DISK_BYTES, SECTOR_BYTES } from './guest-layout.ts';
import { assembleScript, customizeScript, diskFilesOf, filesOf } from './guest-recipe.ts';
import { GUEST_ROWS, type GuestRow } from './guest-row.ts';

function rowNamed(name: string): GuestRow {
  const row = GUEST_ROWS.find((each) => each.name === name);
  assert.ok(row, name);
  return row;
}

function fileOf(row: GuestRow, path: string): string {
  return filesOf(row).find((file) => file.path === path)?.text ?? '';
}

test('the rows cover what the matrix promises', () => {
  const some = (holds: (row: GuestRow) => boolean) => assert.ok(GUEST_ROWS.some(holds), holds.toString());
  for (const release of ['bullseye', 'bookworm', 'trixie'] as const) {
    for (const firmware of ['BIOS', 'UEFI'] as const)
      some((row) => row.release === release && row.firmware === firmware);
  }
  for (const root of ['ext4', 'xfs', 'btrfs'] as const) some((row) => row.root === root);
  for (const controller of ['SATA', 'NVME', 'SCSI'] as const) some((row) => row.controller === controller);
  some((row) => row.hasLvm && row.hasSeparateBoot);
  some((row) => row.dataDisks.length > 1);
  some((row) => row.hasStaticAddress && row.network === 'IFUPDOWN');
  some((row) => row.hasStaticAddress && row.network === 'NETWORKD');
  some((row) => row.keepsAddress === true && row.network === 'NETPLAN');
  some((row) => row.keepsAddress === true && row.network === 'CLOUD_INIT');
  some((row) => row.namesDevicesBy === 'HARDWARE');
  some((row) => row.provesSource === true);
  some((row) => row.provesNeed === true);
  assert.equal(new Set(GUEST_ROWS.map(({ name }) => name)).size, GUEST_ROWS.length);
});

test('partitions lie side by side and within their disks', () => {
  for (const row of GUEST_ROWS) {
    const ends = [ROOT_DISK_BYTES, ...row.dataDisks.map(() => DATA_DISK_BYTES)].map(() => 0);
    for (const { disk, startSector, endSector } of layOut(row).partitions) {
      assert.ok(startSector > (ends[disk] ?? 0) && endSector > startSector, row.name);
      ends[disk] = endSector;
      const sizeBytes = disk === 0 ? ROOT_DISK_BYTES : DATA_DISK_BYTES;
      assert.ok((endSector + 1) * SECTOR_BYTES <= sizeBytes - 2 ** 20, row.name);
    }
  }
});

test('every volume has a UUID of its own, the same each time', () => {
  const uuids = GUEST_ROWS.flatMap((row) => layOut(row).volumes.map(({ uuid }) => uuid));
  assert.equal(new Set(uuids).size, uuids.length);
  assert.deepEqual(layOut(rowNamed('12-uefi-lvm-xfs')), layOut(rowNamed('12-uefi-lvm-xfs')));
});

test('a guest names its devices as its own kernel does', () => {
  const sata = fileOf(rowNamed('12-bios-btrfs-disks'), '/etc/fstab');
  assert.match(sata, /^\/dev\/sda1 \/ btrfs defaults,subvol=@rootfs 0 0$/m);
  assert.match(sata, /^\/dev\/sdb1 \/srv\/data-1 ext4 /m);
  assert.match(sata, /^\/dev\/sdc \/srv\/data-2 xfs /m);
  const nvme = fileOf(rowNamed('12-bios-xfs-nvme'), '/etc/fstab');
  assert.match(nvme, /^\/dev\/nvme0n1p1 \/ xfs /m);
  assert.match(nvme, /^\/dev\/nvme1n1 \/srv\/data-1 btrfs /m);
  assert.match(fileOf(rowNamed('12-uefi-lvm-xfs'), '/etc/fstab'), /^\/dev\/mapper\/vg0-root \/ xfs /m);
});

test('no guest has a virtio driver in its initial RAM filesystem', () => {
  for (const row of GUEST_ROWS) assert.doesNotMatch(customizeScript(row), /virtio/);
});

test('a disk is named by its label in the appliance, which may find it in any order', () => {
  for (const row of GUEST_ROWS) {
    // Only what is written into the guest's own configuration has its own names of disks.
    const lines = assembleScript(row).split('\n');
    for (const line of lines)
      if (!line.includes('grub.cfg')) assert.doesNotMatch(line, /\/dev\/sd/, row.name);
  }
  const lines = assembleScript(rowNamed('12-bios-btrfs-disks')).split('\n');
  for (const [index, { name }] of diskFilesOf(rowNamed('12-bios-btrfs-disks')).entries()) {
    const label = applianceDevice(index).replace('/dev/disk/guestfs/', '');
    assert.ok(lines.includes(`add ${name} format:raw cachemode:unsafe label:${label}`), name);
  }
});

const GOOD = `kernel 6.1.0-18-amd64
mount / btrfs /dev/vda1[/@rootfs]
mount /srv/data-1 ext4 /dev/vdb1
mount /srv/data-2 xfs /dev/vdc
swap /dev/vda2 partition 65532 0 -2
address ens20 10.0.2.15/24
marker /srv/data-1/marker 12-bios-btrfs-disks-disk-1
marker /srv/data-2/marker 12-bios-btrfs-disks-disk-2
end
`;

test('a launched guest that has all of it has no faults', () => {
  assert.deepEqual(findFaults(rowNamed('12-bios-btrfs-disks'), parseFacts(GOOD)), []);
});

test('whatever a launched guest lacks is named', () => {
  const faultsOf = (before: string, after: string) => {
    assert.ok(GOOD.includes(before));
    return findFaults(rowNamed('12-bios-btrfs-disks'), parseFacts(GOOD.replace(before, after))).join('\n');
  };
  assert.match(faultsOf('mount /srv/data-2 xfs /dev/vdc\n', ''), /data-2 is not mounted/);
  assert.match(faultsOf('ext4 /dev/vdb1', 'xfs /dev/vdb1'), /data-1 is xfs instead of ext4/);
  assert.match(faultsOf('/dev/vdb1', '/dev/sdb1'), /not virtio/);
  const onSata = GOOD.replaceAll('/dev/vd', '/dev/sd');
  assert.deepEqual(
    findFaults(rowNamed('12-bios-btrfs-disks'), parseFacts(onSata), { hardware: 'COMPATIBLE' }),
    [],
  );
  assert.match(
    findFaults(rowNamed('12-bios-btrfs-disks'), parseFacts(GOOD), { hardware: 'COMPATIBLE' }).join(),
    /not SATA/,
  );
  assert.match(faultsOf('disks-disk-1', 'disks-disk-2'), /data-1\/marker is not what was/);
  assert.match(faultsOf('swap /dev/vda2 partition', 'nothing'), /0 swap devices/);
  assert.match(faultsOf('address ens20', 'address eth0'), /no 10\.0\.2\.15\/24 on ens20, but eth0/);
  assert.match(faultsOf('end\n', 'failed ssh.service\nend\n'), /ssh\.service has failed/);
});

test('a guest that keeps its address has it, and one of a cloud has run cloud-init', () => {
  const row = rowNamed('12-uefi-ext4-cloud-init');
  const said = `mount / ext4 /dev/vda2
mount /boot/efi vfat /dev/vda1
swap /dev/vda3 partition 65532 0 -2
address ens20 10.0.2.77/24
`;
  assert.deepEqual(findFaults(row, parseFacts(`${said}cloud-init done\n`)), []);
  assert.deepEqual(findFaults(row, parseFacts(said)), ['cloud-init has not run']);
  const leased = parseFacts(`${said.replace('10.0.2.77', '10.0.2.15')}cloud-init done\n`);
  assert.match(findFaults(row, leased).join(), /no 10\.0\.2\.77\/24 on ens20, but ens20 10\.0\.2\.15/);
});

test("cloud-init's seed and what it made of it name the source's card", () => {
  const row = rowNamed('12-uefi-ext4-cloud-init');
  for (const path of ['/var/lib/cloud/seed/nocloud/network-config', '/etc/netplan/50-cloud-init.yaml'])
    assert.match(fileOf(row, path), /macaddress: "52:54:00:12:34:56"/);
});
