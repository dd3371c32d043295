/**
 * Chooses the cut: the largest instant at which every changed block has a version (capture.md, "Cut"; C1–C3),
 * and makes extents of the blocks it takes.
 */

import type { CapturedExtent } from '../engine/epoch-source.ts';
import type { BlockRecord } from './block-record.ts';
import { BLOCK_BYTES } from './read-ticket.ts';

/** Each pass moves the candidate to an earlier bound; more than a few passes means a very hot block. */
const PASSES_MAX = 200;
export const EXTENT_BYTES_MAX = 1024 * 1024;

/**
 * The largest T in (afterNs, throughNs] that is valid for all records. T only ever moves down to the latest
 * instant a block allows, so no valid instant is skipped.
 */
export function largestCutNs(
  records: readonly BlockRecord[],
  bounds: { readonly afterNs: number; readonly throughNs: number },
): number | undefined {
  if (bounds.throughNs <= bounds.afterNs) return undefined;
  let candidateNs = bounds.throughNs;
  for (let pass = 0; pass < PASSES_MAX; pass += 1) {
    const beforeNs = candidateNs;
    for (const record of records) {
      candidateNs = record.latestValidNs(candidateNs);
      if (candidateNs <= bounds.afterNs) return undefined;
    }
    if (candidateNs === beforeNs) return candidateNs;
  }
  return undefined;
}

export interface CutBlock {
  readonly diskIndex: number;
  readonly block: number;
  /** `undefined`: all zero. */
  readonly content: Buffer | undefined;
}

/**
 * Neighbouring blocks of one kind (all zero, or not) as extents of at most 1 MiB, in the order of disk and
 * offset.
 */
export function extentsOf(blocks: readonly CutBlock[], sizesBytes: readonly number[]): CapturedExtent[] {
  const sorted = blocks.toSorted(
    (left, right) => left.diskIndex - right.diskIndex || left.block - right.block,
  );
  const extents: CapturedExtent[] = [];
  for (let start = 0; start < sorted.length; ) {
    let end = start + 1;
    while (end < sorted.length && continues(sorted, start, end)) end += 1;
    extents.push(extentOf(sorted.slice(start, end), sizesBytes));
    start = end;
  }
  return extents;
}

function continues(blocks: readonly CutBlock[], start: number, at: number): boolean {
  const first = blocks[start];
  const next = blocks[at];
  if (first === undefined || next === undefined) return false;
  return (
    next.diskIndex === first.diskIndex &&
    next.block === first.block + (at - start) &&
    (next.content === undefined) === (first.content === undefined) &&
    (at - start + 1) * BLOCK_BYTES <= EXTENT_BYTES_MAX
  );
}

function extentOf(run: readonly CutBlock[], sizesBytes: readonly number[]): CapturedExtent {
  const [first] = run;
  const diskIndex = first?.diskIndex ?? 0;
  const offsetBytes = (first?.block ?? 0) * BLOCK_BYTES;
  const endBytes = Math.min(offsetBytes + run.length * BLOCK_BYTES, sizesBytes[diskIndex] ?? 0);
  const place = { diskIndex, offsetBytes, lengthBytes: endBytes - offsetBytes };
  if (first?.content === undefined) return place;
  const contents = run.flatMap(({ content }) => (content === undefined ? [] : [content]));
  return { ...place, content: contents.length === 1 ? first.content : Buffer.concat(contents) };
}
