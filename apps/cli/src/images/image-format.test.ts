import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findDisk, imageFileNames, parseImageFormat, selectDisks } from './image-format.ts';
import { lastPercent } from './qemu-image.ts';

const DISKS = [
  { diskId: 'disk-0', deviceName: '/dev/sda' },
  { diskId: 'disk-1', deviceName: '/dev/mapper/vg-data' },
];

test('disks are named by device, in short or in full, or by id', () => {
  for (const name of ['/dev/sda', 'sda', 'disk-0']) assert.equal(findDisk(DISKS, name), DISKS[0]);
  assert.throws(() => findDisk(DISKS, 'sdb'), { code: 'DISK_UNKNOWN', message: /\/dev\/sda \(disk-0\)/ });
  assert.deepEqual(selectDisks(DISKS, []), DISKS);
  assert.deepEqual(selectDisks(DISKS, ['mapper/vg-data', 'disk-1']), [DISKS[1]]);
});

test('each image has a name of its own, that any file system takes', () => {
  const point = { server: 's-1', epoch: 7, format: 'vmdk' } as const;
  assert.deepEqual(imageFileNames(DISKS, point), ['s-1.epoch-7.sda.vmdk', 's-1.epoch-7.mapper-vg-data.vmdk']);
  const alike = [...DISKS, { diskId: 'disk-2', deviceName: '/dev/sda' }];
  assert.deepEqual(imageFileNames(alike, point), [
    's-1.epoch-7.disk-0.vmdk',
    's-1.epoch-7.mapper-vg-data.vmdk',
    's-1.epoch-7.disk-2.vmdk',
  ]);
  const [hostile] = imageFileNames([{ diskId: 'x', deviceName: '/dev/../../etc/a b' }], point);
  assert.equal(hostile, 's-1.epoch-7.------etc-a-b.vmdk');
});

test('formats are those that qemu-img reads and writes well', () => {
  assert.equal(parseImageFormat('vhdx'), 'vhdx');
  assert.throws(() => parseImageFormat('vdi'), { code: 'OPTION_INVALID' });
});

test('what qemu-img says of its progress is read, also several times at once', () => {
  assert.equal(lastPercent('    (0.00/100%)\r    (12.50/100%)\r'), 12.5);
  assert.equal(lastPercent('    (100/100%)\n'), 100);
  assert.equal(lastPercent('qemu-img: nothing of it'), undefined);
});
