/**
 * Which pieces of a read are fetched together (pure): whole records that stand close to each other in one
 * segment, and everything of one chunk of the base, and of the chunks after it where the base goes on without
 * a gap. What lies between them is read and thrown away, which costs less than another read. Everything else
 * is a run by itself.
 */
import { CHUNK_BYTES } from '../base/base-table.ts';
import type { JournalSegment } from '../segments/journal-segment.ts';
import { RECORD_HEADER_BYTES } from '../segments/segment-records.ts';
import type { IndexedExtent } from '../segments/sorted-extents.ts';
import type { ResolvedPiece } from './resolve-range.ts';

/** Pieces that one read fills. */
const RUN_PIECES_MAX = 64;
/** Of the base, in one run: as many as a long window of `read-ahead.ts` has. */
export const BASE_RUN_CHUNKS_MAX = 4;
/** Between two records of one run. */
export const RECORD_GAP_BYTES_MAX = 64 * 1024;

/** A piece that some record holds. */
export type RecordPiece = ResolvedPiece & { readonly source: NonNullable<ResolvedPiece['source']> };

export type ReadRun =
  /** Within one chunk, or without a gap at the border of a chunk. */
  | { readonly kind: 'base'; readonly pieces: ResolvedPiece[] }
  /** Whole extents with a payload, in the order of the file. */
  | { readonly kind: 'records'; readonly segment: JournalSegment; readonly pieces: RecordPiece[] }
  /** A part of an extent, or zeroes. */
  | { readonly kind: 'part'; readonly piece: RecordPiece };

/** `pieces`: in the order of the disk; those of the base do not cross the border of a chunk. */
export function readRunsOf(pieces: readonly ResolvedPiece[]): ReadRun[] {
  const runs: ReadRun[] = [];
  let ofBase: ResolvedPiece[] = [];
  const ofSegment = new Map<JournalSegment, RecordPiece[]>();
  for (const piece of pieces) {
    if (!isRecord(piece)) {
      if (!goesOn(ofBase, piece)) {
        ofBase = [];
        runs.push({ kind: 'base', pieces: ofBase });
      }
      ofBase.push(piece);
    } else if (!isWhole(piece)) {
      runs.push({ kind: 'part', piece });
    } else {
      const { segment } = piece.source;
      const open = ofSegment.get(segment);
      if (open !== undefined && canFollow(open, piece.source.extent)) {
        open.push(piece);
        continue;
      }
      const begun = [piece];
      ofSegment.set(segment, begun);
      runs.push({ kind: 'records', segment, pieces: begun });
    }
  }
  return runs;
}

function isRecord(piece: ResolvedPiece): piece is RecordPiece {
  return piece.source !== undefined;
}

function isWhole({ fromBytes, toBytes, source: { extent } }: RecordPiece): boolean {
  return extent.payloadBytes > 0 && toBytes - fromBytes === extent.lengthBytes;
}

function goesOn(run: readonly ResolvedPiece[], piece: ResolvedPiece): boolean {
  const [first] = run;
  const last = run.at(-1);
  if (first === undefined || last === undefined) return false;
  if (chunkOf(last) === chunkOf(piece)) return true;
  return last.toBytes === piece.fromBytes && chunkOf(piece) - chunkOf(first) < BASE_RUN_CHUNKS_MAX;
}

function chunkOf({ fromBytes }: ResolvedPiece): number {
  return Math.floor(fromBytes / CHUNK_BYTES);
}

function canFollow(open: readonly RecordPiece[], extent: IndexedExtent): boolean {
  const last = open.at(-1);
  if (last === undefined || open.length >= RUN_PIECES_MAX) return false;
  const gapBytes = extent.positionBytes - endOfRecord(last.source.extent);
  return gapBytes >= 0 && gapBytes <= RECORD_GAP_BYTES_MAX;
}

/** Where its record ends in the file. */
export function endOfRecord({ positionBytes, payloadBytes }: IndexedExtent): number {
  return positionBytes + RECORD_HEADER_BYTES + payloadBytes;
}
