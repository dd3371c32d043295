import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom, systemRandom } from '@landfall/runtime';
import { allocateColumns, type IndexedExtent, SortedExtents } from '../segments/sorted-extents.ts';
import { type OverwrittenRecord, type SegmentSnapshot, visitOverwritten } from './overwritten-records.ts';

const DISK_BYTES = 2000;
const HISTORIES = 150;
const SEED_FROM = systemRandom.integer(1_000_000_000);

interface WrittenRecord extends IndexedExtent {
  readonly epoch: number;
}

/** Segments of epochs that grow; some epochs of the last one are not complete. */
function writtenSegments(seed: number): readonly (readonly WrittenRecord[])[] {
  const random = seededRandom(seed);
  let epoch = 1;
  return Array.from({ length: 1 + random.integer(4) }, (_, segment) =>
    Array.from({ length: random.integer(200) }, (_row, row) => {
      const offsetBytes = random.integer(DISK_BYTES);
      const longest = random.integer(10) === 0 ? DISK_BYTES : 60;
      const lengthBytes = 1 + random.integer(Math.min(longest, DISK_BYTES - offsetBytes));
      if (random.integer(4) === 0) epoch += 1;
      const isOpen = segment === 3 && row > 150;
      const payloadBytes = segment * 1000 + row;
      return {
        offsetBytes,
        lengthBytes,
        positionBytes: 64 + row,
        payloadBytes,
        epoch: isOpen ? Infinity : epoch,
      };
    }),
  );
}

function snapshot(records: readonly WrittenRecord[]): SegmentSnapshot {
  const sorted = records.toSorted(
    (left, right) => left.offsetBytes - right.offsetBytes || left.positionBytes - right.positionBytes,
  );
  const columns = allocateColumns(records.length);
  for (const [row, { offsetBytes, positionBytes, lengthBytes, payloadBytes }] of sorted.entries()) {
    columns.offsets.set(row, offsetBytes);
    columns.positions.set(row, positionBytes);
    columns.lengths[row] = lengthBytes;
    columns.payloads[row] = payloadBytes;
  }
  const epochAt = (positionBytes: number) => {
    const epoch = records[positionBytes - 64]?.epoch ?? Infinity;
    return epoch === Infinity ? undefined : epoch;
  };
  return { extents: new SortedExtents(columns), isSealed: true, epochAt };
}

/** Byte by byte. */
function expectedRecords(segments: readonly (readonly WrittenRecord[])[]): string[] {
  const overwritten = Array.from({ length: DISK_BYTES }, () => Number.POSITIVE_INFINITY);
  return segments
    .flat()
    .toReversed()
    .map(({ offsetBytes, lengthBytes, epoch, payloadBytes }) => {
      const covered = overwritten.slice(offsetBytes, offsetBytes + lengthBytes);
      overwritten.fill(epoch, offsetBytes, offsetBytes + lengthBytes);
      return `${payloadBytes} of ${epoch} until ${Math.max(...covered)}`;
    })
    .sort();
}

test(`what is overwritten when is found whatever the slices, ${HISTORIES} disks from seed ${SEED_FROM}`, () => {
  for (let seed = SEED_FROM; seed < SEED_FROM + HISTORIES; seed += 1) {
    const written = writtenSegments(seed);
    for (const sliceRecords of [1, 100, 1_000_000]) {
      const found: OverwrittenRecord[] = [];
      const visiting = visitOverwritten(written.map(snapshot), (record) => found.push(record), sliceRecords);
      for (const _ of visiting);
      const described = found.map(
        ({ payloadBytes, epoch, overwrittenEpoch }) =>
          `${payloadBytes} of ${epoch} until ${overwrittenEpoch}`,
      );
      assert.deepEqual(described.sort(), expectedRecords(written), `seed ${seed}, slices of ${sliceRecords}`);
    }
  }
});

test('the pauses are as many as the records need, in however many segments they are', () => {
  const written = Array.from({ length: 100 }, (_, segment) =>
    Array.from({ length: 200 }, (_row, row): WrittenRecord => {
      const at = { offsetBytes: row * 10, positionBytes: 64 + row };
      return { ...at, lengthBytes: 10, payloadBytes: row, epoch: segment + 1 };
    }),
  );
  let [visited, pauses] = [0, 0];
  for (const records of visitOverwritten(written.map(snapshot), () => undefined, 5000)) {
    visited += records;
    pauses += 1;
  }
  assert.equal(visited, 20_000);
  assert.ok(pauses < 40, `${pauses} pauses`);
});
