/** A bit for every chunk of 1 MiB of one disk: 128 KiB per TiB. */
import type { BlockRange } from './dirty-map.ts';
import { BLOCK_BYTES } from './read-ticket.ts';

export const CHUNK_BYTES = 1024 * 1024;
const CHUNK_BLOCKS = CHUNK_BYTES / BLOCK_BYTES;

export class ChunkSet {
  readonly chunkCount: number;
  readonly #bits: Uint8Array;

  /** All are in it. */
  constructor(sizeBytes: number) {
    this.chunkCount = Math.ceil(sizeBytes / CHUNK_BYTES);
    this.#bits = new Uint8Array(Math.ceil(this.chunkCount / 8)).fill(0xff);
  }

  has(chunk: number): boolean {
    return ((this.#bits[chunk >>> 3] ?? 0) & (1 << (chunk & 7))) !== 0;
  }

  add(chunk: number): void {
    this.#bits[chunk >>> 3] = (this.#bits[chunk >>> 3] ?? 0) | (1 << (chunk & 7));
  }

  delete(chunk: number): void {
    this.#bits[chunk >>> 3] = (this.#bits[chunk >>> 3] ?? 0) & ~(1 << (chunk & 7));
  }

  addAll(): void {
    this.#bits.fill(0xff);
  }

  clear(): void {
    this.#bits.fill(0);
  }

  /** Every chunk that has one of these blocks. */
  addBlocks({ firstBlock, blockCount }: BlockRange): void {
    const end = Math.ceil((firstBlock + blockCount) / CHUNK_BLOCKS);
    if (blockCount === 0) return;
    for (let chunk = Math.floor(firstBlock / CHUNK_BLOCKS); chunk < end; chunk += 1) this.add(chunk);
  }

  /** Every chunk all of whose blocks are among these; `blocks`: of the disk. */
  deleteWhole({ firstBlock, blockCount }: BlockRange, blocks: number): void {
    const end = firstBlock + blockCount;
    const endChunk = end === blocks ? this.chunkCount : Math.floor(end / CHUNK_BLOCKS);
    for (let chunk = Math.ceil(firstBlock / CHUNK_BLOCKS); chunk < endChunk; chunk += 1) this.delete(chunk);
  }
}

/** The blocks of a chunk; `blocks`: of the disk. */
export function blocksOfChunk(chunk: number, blocks: number): BlockRange {
  const firstBlock = chunk * CHUNK_BLOCKS;
  return { firstBlock, blockCount: Math.min(CHUNK_BLOCKS, blocks - firstBlock) };
}
