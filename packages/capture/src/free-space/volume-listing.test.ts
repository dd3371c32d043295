import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMounts, parseSwaps } from './volume-listing.ts';

test('mounts are read with their escapes and optional fields, and for the file system, not the mount', () => {
  const text = [
    '36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 propagate_from:2 - ext3 /dev/root rw,errors=continue',
    '44 27 8:1 / /with\\040space\\134 ro,relatime - ext4 /dev/sda1 rw',
    '45 27 8:2 / /read-only rw,relatime shared:1 - xfs /dev/sda2 ro,noquota',
    'nonsense',
    '',
  ].join('\n');
  assert.deepEqual(parseMounts(text), [
    { device: '98:0', fileSystem: 'ext3', mountPoint: '/mnt2', source: '/dev/root', isWritable: true },
    { device: '8:1', fileSystem: 'ext4', mountPoint: '/with space\\', source: '/dev/sda1', isWritable: true },
    { device: '8:2', fileSystem: 'xfs', mountPoint: '/read-only', source: '/dev/sda2', isWritable: false },
  ]);
});

test('of swap areas only block devices count', () => {
  const text = [
    'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority',
    '/dev/sda2                               partition\t8388604\t\t0\t\t-2',
    '/swap.img                               file\t\t2097148\t\t0\t\t-3',
    '',
  ].join('\n');
  assert.deepEqual(parseSwaps(text), ['/dev/sda2']);
});
