import assert from 'node:assert/strict';
import test from 'node:test';
import { replicatedDisks } from './replicated-disks.ts';

const disk = (deviceName: string, isBootDisk = false) => ({
  ...{ diskId: deviceName, deviceName, sizeBytes: 1, isBootDisk },
});

test('disks that come and go are followed, and what was set for one that stays is kept', () => {
  const first = replicatedDisks([disk('/dev/vda', true), disk('/dev/vdb')]);
  assert.deepEqual(
    first.map(({ deviceName, stagingDiskType }) => [deviceName, stagingDiskType]),
    [
      ['/dev/vda', 'AUTO'],
      ['/dev/vdb', 'AUTO'],
    ],
  );
  const [boot = {}] = first;
  const next = replicatedDisks(
    [disk('/dev/vda', true), disk('/dev/vdc')],
    [{ ...boot, stagingDiskType: 'SC1' }],
  );
  assert.deepEqual(
    next.map(({ deviceName, stagingDiskType, isBootDisk }) => [deviceName, stagingDiskType, isBootDisk]),
    [
      ['/dev/vda', 'SC1', true],
      ['/dev/vdc', 'AUTO', false],
    ],
  );
});
