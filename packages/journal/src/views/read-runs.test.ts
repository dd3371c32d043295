import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BasePiece, blockRuns, handOut, wantedBlocks } from '../base/base-blocks.ts';
import { BLOCK_BYTES, CHUNK_BYTES } from '../base/base-table.ts';
import { GrowingExtents } from '../segments/growing-extents.ts';
import { JournalSegment } from '../segments/journal-segment.ts';
import { BASE_RUN_CHUNKS_MAX, endOfRecord, RECORD_GAP_BYTES_MAX, readRunsOf } from './read-runs.ts';
import type { ResolvedPiece } from './resolve-range.ts';

const SEGMENTS = [1, 2].map(
  (number) => new JournalSegment({ diskIndex: 0, number, identity: 0 }, new GrowingExtents()),
);

/** Pieces of a MiB and a half, each of the base or of a record somewhere in one of two segments. */
const pieces = fc
  .array(
    fc.record({
      lengthBytes: fc.integer({ min: 1, max: 100_000 }),
      segment: fc.option(fc.nat(1), { nil: undefined }),
      positionBytes: fc.nat(300_000),
      /** 0: zeroes; 1: a part of a larger extent. */
      kind: fc.nat(9),
    }),
    { maxLength: 40 },
  )
  .map((rows) => {
    let fromBytes = 0;
    return rows.flatMap(({ lengthBytes, segment: index, positionBytes, kind }): ResolvedPiece[] => {
      const offsetBytes = fromBytes;
      const toBytes = Math.min(
        fromBytes + lengthBytes,
        (Math.floor(fromBytes / CHUNK_BYTES) + 1) * CHUNK_BYTES,
      );
      fromBytes = toBytes;
      const segment = index === undefined ? undefined : SEGMENTS[index];
      if (segment === undefined) return [{ fromBytes: offsetBytes, toBytes }];
      const length = toBytes - offsetBytes;
      const extent = {
        offsetBytes,
        lengthBytes: kind === 1 ? length + 1 : length,
        positionBytes,
        payloadBytes: kind === 0 ? 0 : length,
      };
      return [{ fromBytes: offsetBytes, toBytes, source: { segment, extent } }];
    });
  });

test('every piece is in exactly one run, and a run is what one read can fill', () => {
  const property = fc.property(pieces, (all) => {
    const runs = readRunsOf(all);
    const fetched = runs.flatMap((run) => (run.kind === 'part' ? [run.piece] : run.pieces));
    assert.deepEqual(new Set(fetched), new Set(all));
    assert.equal(fetched.length, all.length);
    for (const run of runs) {
      if (run.kind === 'base') {
        const chunkOf = (bytes: number) => Math.floor(bytes / CHUNK_BYTES);
        const [first] = run.pieces;
        for (const [index, piece] of run.pieces.entries()) {
          const before = run.pieces[index - 1] ?? piece;
          const isSameChunk = chunkOf(before.fromBytes) === chunkOf(piece.fromBytes);
          assert.ok(isSameChunk || before.toBytes === piece.fromBytes);
          assert.ok(chunkOf(piece.fromBytes) - chunkOf(first?.fromBytes ?? 0) < BASE_RUN_CHUNKS_MAX);
        }
      }
      if (run.kind !== 'records') continue;
      let end = run.pieces[0]?.source.extent.positionBytes ?? 0;
      for (const { source, fromBytes, toBytes } of run.pieces) {
        assert.equal(source.segment, run.segment);
        assert.equal(source.extent.lengthBytes, toBytes - fromBytes);
        const gapBytes = source.extent.positionBytes - end;
        assert.ok(gapBytes >= 0 && gapBytes <= RECORD_GAP_BYTES_MAX);
        end = endOfRecord(source.extent);
      }
    }
  });
  fc.assert(property, { numRuns: 300 });
});

test('the base goes on over borders of chunks, up to a limit, and not over a gap', () => {
  const chunks = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => {
      const fromBytes = (from + index) * CHUNK_BYTES;
      return { fromBytes, toBytes: fromBytes + CHUNK_BYTES };
    });
  const runs = readRunsOf([...chunks(1, 7), ...chunks(8, 10)]);
  const lengths = runs.map((run) => (run.kind === 'base' ? run.pieces.length : 0));
  assert.deepEqual(lengths, [4, 2, 2]);
});

test('blocks of the base bring every byte to its place, in reads without large gaps', () => {
  const lengths = fc.array(fc.tuple(fc.nat(150_000), fc.integer({ min: 1, max: 200_000 })), { maxLength: 8 });
  const property = fc.property(lengths, fc.integer({ min: 1, max: CHUNK_BYTES }), (rows, sizeBytes) => {
    const base = Buffer.from(Array.from({ length: sizeBytes }, (_, at) => (at * 31 + (at >> 8)) & 0xff));
    const wanted: BasePiece[] = [];
    let end = 0;
    for (const [gap, length] of rows) {
      const offsetBytes = end + gap;
      end = Math.min(sizeBytes, offsetBytes + length);
      if (end > offsetBytes) wanted.push({ offsetBytes, target: Buffer.alloc(end - offsetBytes) });
    }
    for (const run of blockRuns(wantedBlocks(wanted, sizeBytes), 1)) {
      let before = run[0]?.offsetBytes ?? 0;
      for (const block of run) {
        assert.equal(block.offsetBytes % BLOCK_BYTES, 0);
        assert.ok(block.offsetBytes - before <= 2 * BLOCK_BYTES);
        before = block.offsetBytes;
        const content = base.subarray(block.offsetBytes, block.offsetBytes + block.lengthBytes);
        if (block.target !== undefined) content.copy(block.target);
        handOut(block, content);
      }
    }
    for (const { offsetBytes, target } of wanted) {
      assert.ok(target.equals(base.subarray(offsetBytes, offsetBytes + target.length)));
    }
  });
  fc.assert(property, { numRuns: 60 });
});
