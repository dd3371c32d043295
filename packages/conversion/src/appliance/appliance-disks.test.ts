import assert from 'node:assert/strict';
import test from 'node:test';
import { findMisnamedDisks } from './appliance-disks.ts';

test('disks in their order are accepted', () => {
  assert.deepEqual(findMisnamedDisks('diska: /dev/sda\ndiskb: /dev/sdb\n', 2), []);
});

test('swapped disks, and one whose place the appliance took, are named', () => {
  assert.deepEqual(findMisnamedDisks('diska: /dev/sdb\ndiskb: /dev/sda\n', 2), [
    'disk 0 is /dev/sdb',
    'disk 1 is /dev/sda',
  ]);
  assert.deepEqual(findMisnamedDisks('diska: /dev/sdc\ndiskb: /dev/sda\n', 2).length, 2);
  assert.deepEqual(findMisnamedDisks('', 1), ['disk 0 is missing']);
});
