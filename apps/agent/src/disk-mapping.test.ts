import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignDiskIds, type FoundDisk, joinDisks, matchDisks } from './disk-mapping.ts';
import { tableIdOf } from './linux-disks.ts';

const disk = (deviceName: string, sizeBytes: number, serial?: string): FoundDisk => ({
  deviceName,
  sizeBytes,
  isBootDisk: false,
  ...(serial === undefined ? {} : { serial }),
});

test('disks keep their ids when device names swap at a reboot', () => {
  const known = assignDiskIds([disk('/dev/sda', 100, 'A'), disk('/dev/sdb', 100, 'B')]);
  const { present, missing } = matchDisks(known, [disk('/dev/sda', 100, 'B'), disk('/dev/sdb', 100, 'A')]);
  const names = present.map((one) => [one.diskId, one.deviceName]);
  assert.deepEqual(names, [
    ['disk-0', '/dev/sdb'],
    ['disk-1', '/dev/sda'],
  ]);
  assert.deepEqual(missing, []);
});

test('a disk without a serial number is known by name and size, or by a size no other has', () => {
  const known = assignDiskIds([disk('/dev/vda', 100), disk('/dev/vdb', 200)]);
  const { present } = matchDisks(known, [disk('/dev/vdb', 100), disk('/dev/vdc', 200)]);
  assert.deepEqual(
    present.map((one) => one.deviceName),
    ['/dev/vdb', '/dev/vdc'],
  );
});

test('a disk that is gone is missing, and another disk in its place is not taken for it', () => {
  const known = assignDiskIds([disk('/dev/sda', 100, 'A'), disk('/dev/sdb', 100, 'B')]);
  const { present, missing } = matchDisks(known, [disk('/dev/sda', 100, 'A'), disk('/dev/sdb', 100, 'C')]);
  assert.deepEqual(
    [present, missing].map((list) => list.map((one) => one.diskId)),
    [['disk-0'], ['disk-1']],
  );
});

test('a disk that has grown is still the same disk', () => {
  const known = assignDiskIds([disk('/dev/sda', 100, 'A')]);
  assert.equal(matchDisks(known, [disk('/dev/sda', 150, 'A')]).present[0]?.sizeBytes, 150);
});

test('exactly one disk is the boot disk: the root’s, or the first named when none holds the root', () => {
  const bootFlags = (found: readonly FoundDisk[]) => assignDiskIds(found).map((one) => one.isBootDisk);
  const data = disk('/dev/sda', 100, 'A');
  const root = { ...disk('/dev/sdb', 100, 'B'), isBootDisk: true };
  assert.deepEqual(bootFlags([data, root]), [false, true]);
  assert.deepEqual(bootFlags([data, disk('/dev/sdc', 50, 'C')]), [true, false]);
});

test('disks of one size without serial numbers are told apart by their partition tables', () => {
  const withTable = (name: string, tableId: string) => ({ ...disk(name, 100), tableId });
  const known = assignDiskIds([withTable('/dev/vda', 'gpt-1'), withTable('/dev/vdb', 'gpt-2')]);
  const swapped = matchDisks(known, [withTable('/dev/vda', 'gpt-2'), withTable('/dev/vdb', 'gpt-1')]);
  assert.deepEqual(
    swapped.present.map((one) => one.deviceName),
    ['/dev/vdb', '/dev/vda'],
  );
  const copies = matchDisks(known, [withTable('/dev/vda', 'gpt-1'), withTable('/dev/vdb', 'gpt-1')]);
  assert.equal(copies.present[0]?.deviceName, '/dev/vda', 'the table of a copy tells nothing: the name does');
});

test('an id is given once: not again to another disk, also when its first one is no longer listed', () => {
  const known = assignDiskIds([disk('/dev/sda', 100, 'A'), disk('/dev/sdb', 200, 'B')]);
  const joined = joinDisks(known.slice(0, 1), [disk('/dev/sda', 100, 'A'), disk('/dev/sdc', 300, 'C')], 2);
  assert.deepEqual(
    joined.map(({ diskId, deviceName }) => [diskId, deviceName]),
    [
      ['disk-0', '/dev/sda'],
      ['disk-2', '/dev/sdc'],
    ],
  );
});

test('a partition table is known by its GUID or signature; random bytes have none', () => {
  const gpt = Buffer.alloc(1024);
  gpt.write('EFI PART', 512, 'latin1');
  gpt.fill(7, 512 + 56, 512 + 72);
  assert.equal(tableIdOf(gpt), `gpt-${'07'.repeat(16)}`);
  const mbr = Buffer.alloc(512);
  mbr.writeUInt16LE(0xaa55, 510);
  assert.equal(tableIdOf(mbr), undefined, 'a boot sector without a signature');
  mbr.writeUInt32LE(0x01020304, 440);
  assert.equal(tableIdOf(mbr), 'mbr-04030201');
  assert.equal(tableIdOf(Buffer.alloc(100)), undefined);
});
