import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  applianceDiskName,
  formatDeviceName,
  isHardwareName,
  parseDeviceName,
  toApplianceName,
} from './device-names.ts';

test('kernel device names are taken apart into disk and partition', () => {
  assert.deepEqual(parseDeviceName('/dev/nvme0n1p2'), { disk: '/dev/nvme0n1', partition: 2 });
  assert.deepEqual(parseDeviceName('/dev/nvme0n1'), { disk: '/dev/nvme0n1', partition: undefined });
  assert.deepEqual(parseDeviceName('/dev/sda15'), { disk: '/dev/sda', partition: 15 });
  assert.deepEqual(parseDeviceName('/dev/xvdf'), { disk: '/dev/xvdf', partition: undefined });
  assert.deepEqual(parseDeviceName('/dev/mmcblk0p1'), { disk: '/dev/mmcblk0', partition: 1 });
  for (const other of [
    '/dev/mapper/vg-root',
    '/dev/vg/root',
    'UUID=1',
    '/dev/disk/by-uuid/1',
    '/dev/sda1x',
    'tmpfs',
  ]) {
    assert.equal(parseDeviceName(other), undefined, other);
  }
});

test('taking a device name apart and putting it together gives the same name', () => {
  const disk = fc.constantFrom(
    '/dev/sda',
    '/dev/vdb',
    '/dev/xvdc',
    '/dev/nvme0n1',
    '/dev/nvme12n3',
    '/dev/mmcblk1',
  );
  const partition = fc.option(fc.integer({ min: 1, max: 128 }), { nil: undefined });
  fc.assert(
    fc.property(disk, partition, (diskName, number) => {
      const name = { disk: diskName, partition: number };
      assert.deepEqual(parseDeviceName(formatDeviceName(name)), name);
    }),
  );
});

test('only names that depend on the slot or serial number count as hardware names', () => {
  for (const name of ['/dev/sda1', '/dev/disk/by-id/nvme-X-part1', '/dev/disk/by-path/pci-0']) {
    assert.ok(isHardwareName(name), name);
  }
  for (const name of ['/dev/disk/by-uuid/1', '/dev/mapper/a', 'UUID=1', 'LABEL=x', 'none']) {
    assert.ok(!isHardwareName(name), name);
  }
});

test('a source name is translated only when its disk is one of ours', () => {
  const disks = [
    { sourceName: '/dev/nvme0n1', applianceName: '/dev/sda' },
    { sourceName: '/dev/nvme1n1', applianceName: '/dev/sdb' },
  ];
  assert.equal(toApplianceName('/dev/nvme1n1p3', disks), '/dev/sdb3');
  assert.equal(toApplianceName('/dev/nvme0n1', disks), '/dev/sda');
  assert.equal(toApplianceName('/dev/sda1', disks), undefined);
});

test('appliance disks are named like spreadsheet columns', () => {
  assert.deepEqual([0, 1, 25, 26, 27, 52].map(applianceDiskName), [
    '/dev/sda',
    '/dev/sdb',
    '/dev/sdz',
    '/dev/sdaa',
    '/dev/sdab',
    '/dev/sdba',
  ]);
});
