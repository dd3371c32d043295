import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { resolveRange } from '../views/resolve-range.ts';
import { CommitRows } from './commit-rows.ts';
import { GrowingExtents } from './growing-extents.ts';
import { JournalSegment } from './journal-segment.ts';
import { decodeFooter, decodeIndex, encodeIndex, FOOTER_BYTES } from './segment-index.ts';
import { RECORD_HEADER_BYTES } from './segment-records.ts';
import {
  type ExtentColumns,
  type ExtentQuery,
  type IndexedExtent,
  rowOf,
  SortedExtents,
} from './sorted-extents.ts';

const SPACE = 5000;
/** Mostly short extents, and now and then a huge one. */
const lengthBytes = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 1, max: 40 }) },
  fc.integer({ min: 1, max: SPACE }),
);
const extentRow = fc.record({ offsetBytes: fc.nat(SPACE), lengthBytes, payloadBytes: fc.nat(3) });
const extentRows = fc.array(extentRow, { maxLength: 1500, size: 'max' });

function positioned(rows: readonly Omit<IndexedExtent, 'positionBytes'>[]): IndexedExtent[] {
  return rows.map((row, index) => ({ ...row, positionBytes: 64 + index * 100 }));
}

function collected(extents: Pick<SortedExtents, 'collect'>, query: ExtentQuery): IndexedExtent[] {
  const found: IndexedExtent[] = [];
  extents.collect(query, found);
  return found.toSorted((left, right) => left.positionBytes - right.positionBytes);
}

function expected(extents: readonly IndexedExtent[], query: ExtentQuery): IndexedExtent[] {
  return extents.filter((extent) => {
    const overlaps =
      extent.offsetBytes < query.toBytes && extent.offsetBytes + extent.lengthBytes > query.fromBytes;
    return overlaps && extent.positionBytes < query.beforePositionBytes;
  });
}

function rowsOf(columns: ExtentColumns): IndexedExtent[] {
  return Array.from(columns.lengths, (_, row) => rowOf(columns, row));
}

test('growing and sealed indexes find exactly the extents that reach into a range', () => {
  const query = fc.record({
    from: fc.nat(SPACE),
    length: fc.integer({ min: 1, max: 300 }),
    before: fc.nat(200_000),
  });
  const property = fc.property(extentRows, fc.array(query, { maxLength: 5 }), (rows, queries) => {
    const all = positioned(rows);
    const growing = new GrowingExtents();
    for (const extent of all) growing.add(extent);
    const sealed = new SortedExtents(growing.sorted());
    assert.equal(sealed.count, all.length);
    for (const { from, length, before } of queries) {
      const range = { fromBytes: from, toBytes: from + length, beforePositionBytes: before };
      assert.deepEqual(collected(growing, range), expected(all, range));
      assert.deepEqual(collected(sealed, range), expected(all, range));
    }
  });
  fc.assert(property, { numRuns: 60 });
});

test('cutting an index forgets exactly what was appended after the cut', () => {
  const property = fc.property(extentRows, fc.nat(200_000), (rows, cut) => {
    const all = positioned(rows);
    const growing = new GrowingExtents();
    for (const extent of all) growing.add(extent);
    growing.cutFrom(cut);
    const range = { fromBytes: 0, toBytes: 2 * SPACE, beforePositionBytes: Number.POSITIVE_INFINITY };
    assert.deepEqual(
      collected(growing, range),
      all.filter((extent) => extent.positionBytes < cut),
    );
  });
  fc.assert(property, { numRuns: 30 });
});

test('the index of a sealed segment survives being written and read', () => {
  const property = fc.property(extentRows, (rows) => {
    const growing = new GrowingExtents();
    for (const extent of positioned(rows)) growing.add(extent);
    const extents = growing.sorted();
    const participants = Buffer.alloc(32, 1);
    const consistency = 'CRASH_CONSISTENT' as const;
    const commit = { epoch: 7, cutTimeMs: 8, cutMonotonicNs: 2n ** 63n, extentCount: 9, endBytes: 2 ** 40 };
    const commits = [{ ...commit, consistency, participants }];
    const bytes = Buffer.concat(
      encodeIndex({ extents, commitRows: CommitRows.from(commits).bytes }, 42, 1000),
    );
    const footer = decodeFooter(bytes.subarray(-FOOTER_BYTES), 42);
    assert.ok(footer !== undefined && footer.positionBytes === 1000 + RECORD_HEADER_BYTES);
    const body = bytes.subarray(RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + footer.sizeBytes);
    const decoded = decodeIndex(body, footer);
    assert.ok(decoded !== undefined);
    assert.deepEqual(decoded.commits, commits);
    assert.deepEqual(rowsOf(decoded.extents), rowsOf(extents));
    assert.equal(
      decodeFooter(bytes.subarray(-FOOTER_BYTES), 43),
      undefined,
      'it belongs to one segment only',
    );
  });
  fc.assert(property, { numRuns: 20 });
});

test('resolving a range gives every byte to the newest extent that has it, at every point', () => {
  const epochs = fc.array(fc.array(extentRow, { maxLength: 12 }), { minLength: 1, maxLength: 8 });
  const property = fc.property(epochs, fc.nat(8), (rows, perSegment) => {
    const { segments, paintings } = paintEpochs(rows, perSegment + 1);
    for (const [index, painting] of paintings.entries()) {
      const pieces = resolveRange(segments, index + 1, { fromBytes: 100, toBytes: SPACE });
      let next = 100;
      for (const { fromBytes, toBytes, source } of pieces) {
        assert.equal(fromBytes, next);
        next = toBytes;
        const painted = painting.subarray(fromBytes, toBytes);
        assert.ok(painted.every((position) => position === (source?.extent.positionBytes ?? 0)));
      }
      assert.equal(next, SPACE);
    }
  });
  fc.assert(property, { numRuns: 150 });
});

/** Epochs as segments, and beside them each byte's newest position after each epoch. */
function paintEpochs(
  epochs: readonly (readonly Omit<IndexedExtent, 'positionBytes'>[])[],
  perSegment: number,
) {
  const segments: JournalSegment[] = [];
  const paintings: Float64Array[] = [];
  const canvas = new Float64Array(2 * SPACE + 1);
  let position = 1;
  for (const [index, rows] of epochs.entries()) {
    const growing = new GrowingExtents();
    if (index % perSegment === 0) {
      segments.push(new JournalSegment({ diskIndex: 0, number: index + 1, identity: 0 }, growing));
    }
    const segment = segments.at(-1);
    for (const row of rows) {
      segment?.growing?.add({ ...row, positionBytes: position });
      canvas.fill(position, row.offsetBytes, row.offsetBytes + row.lengthBytes);
      position += 1;
    }
    segment?.commits.add(index + 1, position);
    paintings.push(canvas.slice());
  }
  return { segments, paintings };
}

test('commits of a growing segment are kept as rows, and forgotten after an epoch', () => {
  const epochs = fc.uniqueArray(fc.integer({ min: 1, max: 2 ** 40 }), { maxLength: 300 });
  const property = fc.property(epochs, fc.nat(2 ** 40), (unordered, cut) => {
    const commits = unordered
      .toSorted((left, right) => left - right)
      .map((epoch, index) => ({
        epoch,
        endBytes: 64 + index,
        cutTimeMs: 2 * epoch,
        cutMonotonicNs: BigInt(epoch) << 20n,
        extentCount: index,
        consistency: index % 2 === 0 ? ('SCANNED' as const) : ('CRASH_CONSISTENT' as const),
        participants: Buffer.alloc(32, index),
      }));
    const rows = CommitRows.from(commits);
    assert.deepEqual(rows.last, commits.at(-1));
    rows.cutAfter(cut);
    const kept = commits.filter(({ epoch }) => epoch <= cut);
    assert.equal(rows.count, kept.length);
    assert.deepEqual(rows.last, kept.at(-1));
    assert.ok(rows.bytes.equals(CommitRows.from(kept).bytes));
  });
  fc.assert(property, { numRuns: 100 });
});
