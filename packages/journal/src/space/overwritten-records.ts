/**
 * For every record of a disk's segments: the epoch that overwrote the last byte of it that was still seen.
 * Unlike compaction, which looks at a few neighbouring segments, this looks at all of them, a slice of the
 * disk after the other, so that memory is bounded by a slice and not by the journal. A record that reaches
 * into several slices is told when the last of them is done.
 */

import { OverwriteMap } from '../compaction/overwrite-map.ts';
import type { JournalSegment } from '../segments/journal-segment.ts';
import { type ExtentColumns, type IndexedExtent, SortedExtents } from '../segments/sorted-extents.ts';

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
/** Collected, or visited, without a pause, in however many segments. */
const PIECE_RECORDS = 2000;

export function snapshotOf(segment: JournalSegment): SegmentSnapshot {
  const { growing, commits } = segment;
  return {
    extents: growing === undefined ? segment.sealedExtents : new SortedExtents(growing.sorted()),
    isSealed: growing === undefined,
    epochAt: (positionBytes) => commits.epochAt(positionBytes),
  };
}

/**
 * Visits every record once; yields between pieces of work with how many records were visited in the last one.
 * `segments`: oldest first.
 */
export function* visitOverwritten(
  segments: readonly SegmentSnapshot[],
  visit: (record: OverwrittenRecord) => void,
  sliceRecords: number,
): Generator<number> {
  const unfinished = new UnfinishedRecords();
  let visited = 0;
  for (const slice of slicesOf(segments, sliceRecords)) {
    const recordsOf = yield* recordsIn(segments, slice);
    const map = new OverwriteMap(bordersOf(recordsOf, slice));
    yield 0;
    for (const [index, records] of [...recordsOf.entries()].toReversed()) {
      const isSealed = segments[index]?.isSealed === true;
      for (const record of records) {
        if (visited === PIECE_RECORDS) {
          yield visited;
          visited = 0;
        }
        visited += 1;
        const seenInSlice = overwrite(map, record, slice);
        const overwrittenEpoch = unfinished.join(index, record, slice, seenInSlice);
        if (overwrittenEpoch === undefined) continue;
        const { epoch, payloadBytes } = record;
        visit({ epoch, overwrittenEpoch, payloadBytes, isSealed });
      }
    }
  }
  yield visited;
}

/** Records that reach into slices still to come, by segment and position. */
class UnfinishedRecords {
  readonly #seenUntil = new Map<string, number>();

  /** Until when it was seen in all slices; undefined when some are still to come. */
  join(segment: number, record: FoundRecord, slice: Slice, seenInSlice: number): number | undefined {
    const { offsetBytes, lengthBytes, positionBytes } = record;
    const ends = offsetBytes + lengthBytes <= slice.toBytes;
    if (ends && offsetBytes >= slice.fromBytes) return seenInSlice;
    const key = `${segment} ${positionBytes}`;
    const seenUntil = Math.max(seenInSlice, this.#seenUntil.get(key) ?? 0);
    if (ends) this.#seenUntil.delete(key);
    else this.#seenUntil.set(key, seenUntil);
    return ends ? seenUntil : undefined;
  }
}

/** When the last byte of it in the slice was overwritten; from now on the record overwrites older ones. */
function overwrite(map: OverwriteMap, record: FoundRecord, slice: Slice): number {
  const { offsetBytes, lengthBytes, epoch } = record;
  const from = Math.max(offsetBytes, slice.fromBytes);
  const to = Math.min(offsetBytes + lengthBytes, slice.toBytes);
  const seenUntil = map.largest(from, to);
  map.set(from, to, epoch);
  return seenUntil;
}

/** By segment, and of each the newest first. */
function* recordsIn(
  segments: readonly SegmentSnapshot[],
  { fromBytes, toBytes }: Slice,
): Generator<number, readonly (readonly FoundRecord[])[]> {
  const recordsOf: (readonly FoundRecord[])[] = [];
  let collected = 0;
  for (const { extents, epochAt } of segments) {
    const found: IndexedExtent[] = [];
    extents.collect({ fromBytes, toBytes, beforePositionBytes: Number.POSITIVE_INFINITY }, found);
    found.sort((left, right) => right.positionBytes - left.positionBytes);
    recordsOf.push(
      found.map((extent) => ({
        ...extent,
        epoch: epochAt(extent.positionBytes) ?? Number.POSITIVE_INFINITY,
      })),
    );
    // Looking into one that has none takes its time, too.
    collected += found.length + 1;
    if (collected < PIECE_RECORDS) continue;
    collected = 0;
    yield 0;
  }
  return recordsOf;
}

function bordersOf(
  recordsOf: readonly (readonly FoundRecord[])[],
  { fromBytes, toBytes }: Slice,
): Float64Array {
  const borders = new Float64Array(2 * recordsOf.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const records of recordsOf) {
    for (const { offsetBytes, lengthBytes } of records) {
      borders[at] = Math.max(offsetBytes, fromBytes);
      borders[at + 1] = Math.min(offsetBytes + lengthBytes, toBytes);
      at += 2;
    }
  }
  return borders;
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
