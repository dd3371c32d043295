import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { CapturedExtent } from '@landfall/capture';
import { splitAtChunks } from '../extents/extent-split.ts';
import { Comparison, type ComparisonMode, type HashOf } from './comparison.ts';

const MIB = 1024 * 1024;
const A = Buffer.alloc(MIB, 'a');
const B = Buffer.alloc(MIB, 'b');

function compare(mode: ComparisonMode, sizeBytes = 2 * MIB) {
  const comparison = new Comparison([{ sizeBytes, mode }]);
  return {
    comparison,
    filter: async (extents: readonly CapturedExtent[], hashOf: HashOf) =>
      (await comparison.filter(extents, { hashOf, isLast: true })).missing,
  };
}

function extent(offsetBytes: number, content: Buffer): CapturedExtent {
  return { diskIndex: 0, offsetBytes, lengthBytes: content.length, content };
}

function zero(offsetBytes: number, lengthBytes: number): CapturedExtent {
  return { diskIndex: 0, offsetBytes, lengthBytes };
}

/** A replica that holds `content` in every chunk. */
function replica(content: Buffer): () => Promise<Buffer> {
  return async () => createHash('sha256').update(content).digest();
}

const nobody = async (): Promise<Buffer> => assert.fail('nothing is hashed');

test('a whole chunk the replica has is not sent, one that differs is sent whole', async () => {
  const comparison = compare('HASHES');
  const chunks = [extent(0, A), extent(MIB, B)];
  assert.deepEqual(await comparison.filter(chunks, replica(A)), [chunks[1]]);
});

test('a chunk in several pieces, some of them zero, is one chunk', async () => {
  const content = Buffer.concat([A.subarray(0, MIB / 2), Buffer.alloc(MIB / 2)]);
  const pieces = [
    extent(0, content.subarray(0, MIB / 4)),
    extent(MIB / 4, content.subarray(MIB / 4, MIB / 2)),
  ];
  const all = [...pieces, zero(MIB / 2, MIB / 2)];
  assert.deepEqual(await compare('HASHES').filter(all, replica(content)), []);
  assert.deepEqual(await compare('HASHES').filter(all, replica(A)), all);
});

test('the last chunk may be short', async () => {
  const short = extent(MIB, A.subarray(0, 4096));
  assert.deepEqual(await compare('HASHES', MIB + 4096).filter([short], replica(A.subarray(0, 4096))), []);
});

test('a chunk that comes in two batches is carried and compared when it is whole', async () => {
  const { comparison } = compare('HASHES');
  const halves = [extent(0, A.subarray(0, MIB / 2)), extent(MIB / 2, A.subarray(MIB / 2))];
  const first = await comparison.filter(halves.slice(0, 1), { hashOf: nobody, isLast: false });
  assert.deepEqual(first, { missing: [], carried: halves.slice(0, 1) });
  const second = await comparison.filter([...first.carried, ...halves.slice(1)], {
    ...{ hashOf: replica(A), isLast: false },
  });
  assert.deepEqual(second, { missing: [], carried: [] });
});

test('what is carried is sent when a cut comes first, or when a part of it came again', async () => {
  const half = extent(0, A.subarray(0, MIB / 2));
  assert.deepEqual(await compare('HASHES').filter([half], nobody), [half]);
  const again = extent(4096, B.subarray(0, 4096));
  const { comparison } = compare('HASHES');
  const options = { hashOf: nobody, isLast: false };
  assert.deepEqual(await comparison.filter([half, again], options), { missing: [half, again], carried: [] });
});

test('K1: a chunk that was sent is not compared again with the hash it had before', async () => {
  const comparison = compare('HASHES');
  const changed = extent(0, B);
  const changedBack = extent(0, A);
  assert.deepEqual(await comparison.filter([changed], replica(A)), [changed]);
  assert.deepEqual(await comparison.filter([changedBack], nobody), [changedBack]);
});

test('K1: a chunk of which a part was sent is not compared', async () => {
  const comparison = compare('HASHES');
  const part = extent(4096, B.subarray(0, 4096));
  assert.deepEqual(await comparison.filter([part], nobody), [part]);
  assert.deepEqual(await comparison.filter([extent(0, A)], nobody), [extent(0, A)]);
});

test('on an empty disk zeroes are not sent, until something else was sent into their chunk', async () => {
  const comparison = compare('EMPTY');
  const mixed = [zero(0, 4096), extent(4096, A.subarray(0, 4096)), zero(8192, MIB - 8192)];
  assert.deepEqual(await comparison.filter([zero(MIB, MIB)], nobody), []);
  assert.deepEqual(await comparison.filter(mixed, nobody), [mixed[1]]);
  const erased = zero(4096, 4096);
  assert.deepEqual(await comparison.filter([erased], nobody), [erased]);
  assert.deepEqual(await comparison.filter([zero(MIB, MIB)], nobody), []);
});

test('extents are cut at chunk boundaries; zero ranges only where each chunk is looked at', () => {
  const long = extent(MIB / 2, A);
  const zeroes = zero(0, 5 * MIB);
  const pieces = splitAtChunks([long, zeroes], { zeroes: false });
  assert.deepEqual(
    pieces.map(({ offsetBytes, lengthBytes }) => [offsetBytes, lengthBytes]),
    [
      [MIB / 2, MIB / 2],
      [MIB, MIB / 2],
      [0, 5 * MIB],
    ],
  );
  assert.equal(splitAtChunks([zeroes], { zeroes: true }).length, 5);
});
