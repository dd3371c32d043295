/** Samples of any stream of extents: bounded, inside what was written, and standing for all of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@landfall/runtime';
import fc from 'fast-check';
import { EpochSample, PIECES_MAX, thinOut } from './change-sample.ts';
import { PIECE_BYTES_MAX, PIECE_BYTES_MIN } from './content.ts';

const BLOCK_BYTES = 512;
const extents = fc.array(
  fc.record({ blocks: fc.integer({ min: 1, max: 4096 }), gap: fc.integer({ min: 0, max: 9 }) }),
  { minLength: 1, maxLength: 120 },
);

test('pieces lie in what was written, are few, and are as long as they must be', () => {
  fc.assert(
    fc.property(extents, fc.integer(), (written, seed) => {
      const sample = new EpochSample(seededRandom(seed));
      const covered: { readonly from: number; readonly to: number }[] = [];
      let at = 0;
      for (const { blocks, gap } of written) {
        const lengthBytes = blocks * BLOCK_BYTES;
        sample.add({ diskIndex: 3, offsetBytes: at, lengthBytes }, lengthBytes);
        covered.push({ from: at, to: at + lengthBytes });
        at += lengthBytes + gap * BLOCK_BYTES;
      }
      assert.equal(
        sample.writtenBytes,
        covered.reduce((sum, { from, to }) => sum + to - from, 0),
      );
      assert.ok(sample.pieces.length <= PIECES_MAX + 1);
      for (const { offsetBytes, lengthBytes, diskIndex } of sample.pieces) {
        const end = offsetBytes + lengthBytes;
        assert.ok(covered.some(({ from, to }) => offsetBytes >= from && end <= to));
        assert.ok(lengthBytes >= PIECE_BYTES_MIN && lengthBytes <= PIECE_BYTES_MAX);
        assert.equal(diskIndex, 3);
      }
    }),
  );
});

test('the weights of the pieces are, on average, the bytes they stand for', () => {
  const random = seededRandom(11);
  let [written, estimated, marked, estimatedMarked] = [0, 0, 0, 0];
  for (let epoch = 0; epoch < 600; epoch += 1) {
    const sample = new EpochSample(random);
    const count = 1 + random.integer(80);
    for (let index = 0; index < count; index += 1) {
      const lengthBytes = 4096 * (1 + random.integer(64));
      // Every third extent is marked by its disk; in size it is as the others.
      const diskIndex = random.integer(3) === 0 ? 1 : 0;
      sample.add({ diskIndex, offsetBytes: 0, lengthBytes }, lengthBytes);
      written += lengthBytes;
      if (diskIndex === 1) marked += lengthBytes;
    }
    for (const { weightBytes, diskIndex } of thinOut(sample.pieces, 32, random)) {
      estimated += weightBytes;
      if (diskIndex === 1) estimatedMarked += weightBytes;
    }
  }
  assert.ok(Math.abs(estimated / written - 1) < 0.05, `${estimated} of ${written}`);
  assert.ok(Math.abs(estimatedMarked / marked - 1) < 0.1, `${estimatedMarked} of ${marked}`);
});

test('a pattern of every other 64 KiB is met as often as it is there', () => {
  const random = seededRandom(5);
  let [odd, all] = [0, 0];
  for (let epoch = 0; epoch < 50; epoch += 1) {
    const sample = new EpochSample(random);
    sample.add({ diskIndex: 0, offsetBytes: 0, lengthBytes: 256 * 1024 * 1024 }, 256 * 1024 * 1024);
    for (const { offsetBytes } of sample.pieces) {
      all += 1;
      if (Math.floor(offsetBytes / 65_536) % 2 === 1) odd += 1;
    }
  }
  assert.ok(Math.abs(odd / all - 0.5) < 0.05, `${odd} of ${all}`);
});

test('what came well compressed is marked, and what was encrypted in part is not', () => {
  const sample = new EpochSample(seededRandom(1));
  sample.add({ diskIndex: 0, offsetBytes: 0, lengthBytes: 65_536 }, 8000);
  sample.add({ diskIndex: 1, offsetBytes: 0, lengthBytes: 65_536 }, 32_000);
  for (const { diskIndex, isCompressible } of sample.pieces) assert.equal(isCompressible, diskIndex === 0);
});
