/**
 * Which blocks of a chunk a read of the base needs (pure), and where their bytes go: to their place when all
 * of a block is wanted, otherwise to a buffer of its own first, because a block is verified as a whole.
 */
import { BLOCK_BYTES } from './base-table.ts';

/** A range of the base, and where its bytes go. */
export interface BasePiece {
  readonly offsetBytes: number;
  readonly target: Buffer;
}

export interface WantedBlock {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Where all of it belongs; absent when only `parts` of it are wanted. */
  readonly target?: Buffer;
  readonly parts: BasePiece[];
}

/** `pieces`: in order; `sizeBytes`: of the base, whose last block may be short. */
export function wantedBlocks(pieces: readonly BasePiece[], sizeBytes: number): WantedBlock[] {
  const blocks: WantedBlock[] = [];
  for (const piece of pieces) {
    const end = piece.offsetBytes + piece.target.length;
    let from = piece.offsetBytes;
    while (from < end) {
      const offsetBytes = Math.floor(from / BLOCK_BYTES) * BLOCK_BYTES;
      const blockEnd = Math.min(offsetBytes + BLOCK_BYTES, sizeBytes);
      const to = Math.min(end, blockEnd);
      const target = piece.target.subarray(from - piece.offsetBytes, to - piece.offsetBytes);
      const lengthBytes = blockEnd - offsetBytes;
      if (target.length === lengthBytes) blocks.push({ offsetBytes, lengthBytes, target, parts: [] });
      else partialBlock(blocks, offsetBytes, lengthBytes).parts.push({ offsetBytes: from, target });
      from = to;
    }
  }
  return blocks;
}

function partialBlock(blocks: WantedBlock[], offsetBytes: number, lengthBytes: number): WantedBlock {
  const last = blocks.at(-1);
  if (last?.offsetBytes === offsetBytes) return last;
  const block = { offsetBytes, lengthBytes, parts: [] };
  blocks.push(block);
  return block;
}

/** Blocks that one read fills: those between them are read and thrown away. */
export function blockRuns(blocks: readonly WantedBlock[], gapBlocksMax: number): WantedBlock[][] {
  const runs: WantedBlock[][] = [];
  for (const block of blocks) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    const isNear =
      last !== undefined && block.offsetBytes - last.offsetBytes <= (gapBlocksMax + 1) * BLOCK_BYTES;
    if (run !== undefined && isNear) run.push(block);
    else runs.push([block]);
  }
  return runs;
}

/** `content`: of the whole block. */
export function handOut({ offsetBytes, parts }: WantedBlock, content: Buffer): void {
  for (const part of parts) content.copy(part.target, 0, part.offsetBytes - offsetBytes);
}
