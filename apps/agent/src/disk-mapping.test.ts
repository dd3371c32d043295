import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignDiskIds, type FoundDisk, matchDisks } from './disk-mapping.ts';

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
