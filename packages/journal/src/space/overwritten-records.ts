/**
 * For every record of a disk's segments: the epoch that overwrote the last byte of it that was still seen.
 * Unlike compaction, which looks at a few neighbouring segments, this looks at all of them, a slice of the
 * disk after the other, so that memory is bounded by a slice and not by the journal. A record that reaches
 * into several slices is told when the last of them is done.
 */
import type { JournalSegment } from '../journal-segment.ts';
import { OverwriteMap } from '../overwrite-map.ts';
import { type ExtentColumns, type IndexedExtent, SortedExtents } from '../sorted-extents.ts';

/** A segment as it is at this moment, although it is written on. */
export interface SegmentSnapshot {
  readonly extents: SortedExtents;
  readonly isSealed: boolean;
  readonly epochAt: (positionBytes: number) => number | undefined;
}

export interface OverwrittenRecord {
  /** Infinity: of an epoch that is not complete. */
  readonly epoch: number;
  /** Infinity: some of it is not overwritten. */
  readonly overwrittenEpoch: number;
  readonly payloadBytes: number;
  readonly isSealed: boolean;
}

interface Slice {
  readonly fromBytes: number;
  readonly toBytes: number;
}

interface FoundRecord extends IndexedExtent {
  readonly epoch: number;
}

const SAMPLE_RECORDS = 64;

export function snapshotOf(segment: JournalSegment): SegmentSnapshot {
  const { growing, commits } = segment;
  return {
    extents: growing === undefined ? segment.sealedExtents : new SortedExtents(growing.sorted()),
    isSealed: growing === undefined,
    epochAt: (positionBytes) => commits.epochAt(positionBytes),
  };
}

/**
 * Visits every record once; yields after each segment of each slice with how many records that were.
 * `segments`: oldest first.
 */
export function* visitOverwritten(
  segments: readonly SegmentSnapshot[],
  visit: (record: OverwrittenRecord) => void,
  sliceRecords: number,
): Generator<number> {
  /** Records that reach into slices still to come, by segment and position. */
  const unfinished = new Map<string, number>();
  for (const slice of slicesOf(segments, sliceRecords)) {
    const map = new OverwriteMap(bordersOf(segments, slice));
    for (const [index, segment] of [...segments.entries()].toReversed()) {
      const records = recordsIn(segment, slice);
      for (const record of records) {
        const key = `${index} ${record.positionBytes}`;
        const seenUntil = Math.max(unfinished.get(key) ?? 0, overwrite(map, record, slice));
        if (record.offsetBytes + record.lengthBytes > slice.toBytes) {
          unfinished.set(key, seenUntil);
          continue;
        }
        unfinished.delete(key);
        const { epoch, payloadBytes } = record;
        visit({ epoch, overwrittenEpoch: seenUntil, payloadBytes, isSealed: segment.isSealed });
      }
      yield records.length;
    }
  }
}

/** When the last byte of it in the slice was overwritten; from now on the record overwrites older ones. */
function overwrite(
  map: OverwriteMap,
  { offsetBytes, lengthBytes, epoch }: FoundRecord,
  slice: Slice,
): number {
  const from = Math.max(offsetBytes, slice.fromBytes);
  const to = Math.min(offsetBytes + lengthBytes, slice.toBytes);
  const seenUntil = map.largest(from, to);
  map.set(from, to, epoch);
  return seenUntil;
}

/** Newest first. */
function recordsIn({ extents, epochAt }: SegmentSnapshot, { fromBytes, toBytes }: Slice): FoundRecord[] {
  const found: IndexedExtent[] = [];
  extents.collect({ fromBytes, toBytes, beforePositionBytes: Number.POSITIVE_INFINITY }, found);
  found.sort((left, right) => right.positionBytes - left.positionBytes);
  return found.map((extent) => ({ ...extent, epoch: epochAt(extent.positionBytes) ?? Infinity }));
}

function bordersOf(segments: readonly SegmentSnapshot[], { fromBytes, toBytes }: Slice): Float64Array {
  const borders: number[] = [];
  for (const { extents } of segments) {
    const found: IndexedExtent[] = [];
    extents.collect({ fromBytes, toBytes, beforePositionBytes: Number.POSITIVE_INFINITY }, found);
    for (const { offsetBytes, lengthBytes } of found) {
      borders.push(Math.max(offsetBytes, fromBytes), Math.min(offsetBytes + lengthBytes, toBytes));
    }
  }
  return Float64Array.from(borders);
}

/** Together the whole disk, each with about so many records; more where the same place is written often. */
function slicesOf(segments: readonly SegmentSnapshot[], sliceRecords: number): Slice[] {
  const samples = segments.flatMap(({ extents }) => sampledOffsets(extents.columns)).sort((a, b) => a - b);
  const step = Math.max(1, Math.floor(sliceRecords / SAMPLE_RECORDS));
  const cuts = samples.filter((_, index) => index > 0 && index % step === 0);
  const borders = [0, ...new Set(cuts.filter((cut) => cut > 0)), Number.POSITIVE_INFINITY];
  return borders.slice(1).map((toBytes, index) => ({ fromBytes: borders[index] ?? 0, toBytes }));
}

/** Each stands for as many records as lie between two of them. */
function sampledOffsets({ offsets, lengths }: ExtentColumns): number[] {
  const count = Math.floor(lengths.length / SAMPLE_RECORDS);
  return Array.from({ length: count }, (_, index) => offsets.at(index * SAMPLE_RECORDS));
}
