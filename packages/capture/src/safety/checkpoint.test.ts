import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DirtyMap, type DirtyMapCopy } from '../tracker/dirty-map.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';

const BLOCKS = 5000;
const ranges = fc.array(fc.record({ first: fc.nat(BLOCKS - 1), length: fc.nat(200) }), { maxLength: 20 });
const extents = fc.array(
  fc.record(
    { offsetBytes: fc.maxSafeNat(), lengthBytes: fc.integer({ min: 1, max: 2 ** 30 }) },
    { noNullPrototype: true },
  ),
);

function mapOf(set: readonly { readonly first: number; readonly length: number }[]): DirtyMapCopy {
  const map = new DirtyMap(BLOCKS);
  for (const { first, length } of set) map.setRange(first, Math.min(length, BLOCKS - first));
  return map.copy();
}

function checkpointOf(disks: Checkpoint['disks']): Checkpoint {
  return {
    world: {
      ...{ bootId: 'b', machineId: 'm', clockOffsetMs: 1.5 },
      disks: disks.map((_, index) => ({ diskId: `disk-${index}`, identity: 'i' })),
    },
    owner: { pid: 1, startTime: '2' },
    position: { journalId: 'j', lastEpoch: 3 },
    trace: {
      ...{ name: 'a', mark: 'm', inode: 1, settings: { tracing_on: '1' }, committed: [1, 2] },
      ...{ madeAtNs: '123456789012345678', sectorsWritten: [5, null] },
    },
    disks,
  };
}

test('whatever goes into a checkpoint comes back', async () => {
  const disk = fc.record(
    { dirty: ranges.map(mapOf), discarded: ranges.map(mapOf), extents },
    { noNullPrototype: true },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(disk, { maxLength: 3 }), async (disks) => {
      const checkpoint = checkpointOf(disks);
      assert.deepEqual(await decodeCheckpoint(await encodeCheckpoint(checkpoint)), checkpoint);
    }),
  );
});

test('a byte changed or cut off is noticed, wherever it is', async () => {
  const map = mapOf([{ first: 7, length: 90 }]);
  const disks = [{ dirty: map, discarded: map, extents: [{ offsetBytes: 4096, lengthBytes: 512 }] }];
  const bytes = await encodeCheckpoint(checkpointOf(disks));
  for (let at = 0; at < bytes.length; at += 1) {
    const altered = Buffer.from(bytes);
    altered.writeUInt8(altered.readUInt8(at) ^ 0x10, at);
    await assert.rejects(decodeCheckpoint(altered), { code: 'CHECKPOINT_DAMAGED' });
    await assert.rejects(decodeCheckpoint(bytes.subarray(0, at)), { code: 'CHECKPOINT_DAMAGED' });
  }
});

test('a disk in step takes next to nothing, and one of a tebibyte that is all dirty little more than its bits', async () => {
  const clean = new DirtyMap(2 ** 28).copy();
  const full = new DirtyMap(2 ** 28);
  full.setRange(0, 2 ** 28);
  const inStep = await encodeCheckpoint(checkpointOf([{ dirty: clean, discarded: clean, extents: [] }]));
  assert.ok(inStep.length < 4096, `${inStep.length}`);
  const copy = full.copy();
  const copyBytes = copy.summary.byteLength + copy.words.byteLength;
  assert.equal(copyBytes, 33 * 1024 * 1024);
});
