/**
 * Which record holds each byte of a range at a recovery point: newest first, each segment only up to the
 * point. Pure. `gaps` is what no newer record covers yet; what is left in the end is the base.
 */
import type { JournalSegment } from '../segments/journal-segment.ts';
import type { IndexedExtent } from '../segments/sorted-extents.ts';

/** A range of the disk that one record, or the base, holds. */
export interface ResolvedPiece {
  readonly fromBytes: number;
  readonly toBytes: number;
  /** Absent: the base. */
  readonly source?: { readonly segment: JournalSegment; readonly extent: IndexedExtent };
}

interface Range {
  readonly fromBytes: number;
  readonly toBytes: number;
}

/** The pieces of [from, to), in order and without gaps. `segments`: oldest first. */
export function resolveRange(
  segments: readonly JournalSegment[],
  epoch: number,
  range: Range,
): ResolvedPiece[] {
  const pieces: ResolvedPiece[] = [];
  const gaps = [range];
  for (const segment of segments.toReversed()) {
    if (gaps.length === 0) break;
    const firstEpoch = segment.commits.firstEpoch;
    if (firstEpoch === undefined || firstEpoch > epoch) continue;
    const found: IndexedExtent[] = [];
    segment.collect({ ...range, beforePositionBytes: segment.commits.endOf(epoch) }, found);
    found.sort((left, right) => right.positionBytes - left.positionBytes);
    for (const extent of found) fillGaps(gaps, { segment, extent }, pieces);
  }
  for (const gap of gaps) pieces.push(gap);
  return pieces.sort((left, right) => left.fromBytes - right.fromBytes);
}

function fillGaps(
  gaps: Range[],
  source: { readonly segment: JournalSegment; readonly extent: IndexedExtent },
  pieces: ResolvedPiece[],
): void {
  const { offsetBytes, lengthBytes } = source.extent;
  const end = offsetBytes + lengthBytes;
  const first = firstGapEndingAfter(gaps, offsetBytes);
  let last = first;
  const rest: Range[] = [];
  for (let gap = gaps[last]; gap !== undefined && gap.fromBytes < end; gap = gaps[last]) {
    const fromBytes = Math.max(gap.fromBytes, offsetBytes);
    const toBytes = Math.min(gap.toBytes, end);
    pieces.push({ fromBytes, toBytes, source });
    if (gap.fromBytes < fromBytes) rest.push({ fromBytes: gap.fromBytes, toBytes: fromBytes });
    if (gap.toBytes > toBytes) rest.push({ fromBytes: toBytes, toBytes: gap.toBytes });
    last += 1;
  }
  if (last > first) gaps.splice(first, last - first, ...rest);
}

function firstGapEndingAfter(gaps: readonly Range[], offsetBytes: number): number {
  let low = 0;
  let high = gaps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((gaps[middle]?.toBytes ?? 0) <= offsetBytes) low = middle + 1;
    else high = middle;
  }
  return low;
}
