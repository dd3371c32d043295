/**
 * Which records of neighbouring sealed segments some recovery point still sees (pure). A byte that epoch
 * _e_ wrote is seen by the points from _e_ until the next epoch that wrote it; the record is live when for
 * any of its bytes one of those is a retained point. Looked at from the newest record to the oldest, so one
 * pass tells.
 *
 * Later segments are not looked at: what only they overwrite counts as seen, which keeps too much and never
 * too little.
 */
import type { JournalSegment } from '../segments/journal-segment.ts';
import { RECORD_HEADER_BYTES } from '../segments/segment-records.ts';
import type { IndexedExtent } from '../segments/sorted-extents.ts';
import { OverwriteMap } from './overwrite-map.ts';

export interface LiveSegment {
  readonly segment: JournalSegment;
  /** In the order of the file. */
  readonly records: readonly IndexedExtent[];
  /** Of those records, headers included. */
  readonly liveBytes: number;
  /** Of all its records, headers included. */
  readonly recordBytes: number;
}

/**
 * Works in steps: each lists a segment, or visits so many records. `segments`: oldest first.
 * `firstPointFrom`: the oldest retained point at an epoch or after it.
 */
export function* findLiveRecords(
  segments: readonly JournalSegment[],
  firstPointFrom: (epoch: number) => number,
  stepRecords: number,
): Generator<undefined, readonly LiveSegment[]> {
  const recordsOf: (readonly IndexedExtent[])[] = [];
  for (const segment of segments) {
    recordsOf.push(segment.records());
    yield;
  }
  const map = new OverwriteMap(bordersOf(recordsOf));
  const found: LiveSegment[] = [];
  let visited = 0;
  for (const [index, segment] of [...segments.entries()].toReversed()) {
    const records = recordsOf[index] ?? [];
    const live: IndexedExtent[] = [];
    for (const record of records.toReversed()) {
      const { offsetBytes, lengthBytes, positionBytes } = record;
      const epoch = segment.commits.epochAt(positionBytes) ?? Number.POSITIVE_INFINITY;
      const end = offsetBytes + lengthBytes;
      // Seen by a point when the first one from its epoch on comes before the epoch that overwrote it.
      if (firstPointFrom(epoch) < map.largest(offsetBytes, end) || epoch === Number.POSITIVE_INFINITY) {
        live.push(record);
      }
      map.set(offsetBytes, end, epoch);
      visited += 1;
      if (visited % stepRecords === 0) yield;
    }
    const bytes = { liveBytes: bytesOf(live), recordBytes: bytesOf(records) };
    found.push({ segment, records: live.toReversed(), ...bytes });
  }
  return found.toReversed();
}

function bordersOf(recordsOf: readonly (readonly IndexedExtent[])[]): Float64Array {
  const count = recordsOf.reduce((sum, records) => sum + records.length, 0);
  const borders = new Float64Array(2 * count);
  let at = 0;
  for (const records of recordsOf) {
    for (const { offsetBytes, lengthBytes } of records) {
      borders[at] = offsetBytes;
      borders[at + 1] = offsetBytes + lengthBytes;
      at += 2;
    }
  }
  return borders;
}

function bytesOf(records: readonly IndexedExtent[]): number {
  return records.reduce((sum, { payloadBytes }) => sum + RECORD_HEADER_BYTES + payloadBytes, 0);
}
