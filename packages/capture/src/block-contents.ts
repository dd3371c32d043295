/**
 * Keeps what was read: the reader's buffer is used again, so blocks are copied into slabs of which each block
 * is a slice; zero blocks keep nothing. A slab lives as long as one of its blocks does.
 */
import { BufferPool } from '@landfall/runtime';
import type { CapturedExtent } from './epoch-source.ts';
import { BLOCK_BYTES } from './read-ticket.ts';

const SLAB_BYTES = 256 * 1024;
const BULK_BYTES_MAX = 1024 * 1024;
/** Smaller bulk extents get a buffer of their own. */
const POOLED_BYTES_MIN = BULK_BYTES_MAX / 4;
/** What a sender may hold: two batches read, and what is on its way. */
const POOL_FREE_MAX = 24;
const ZEROES = Buffer.alloc(BULK_BYTES_MAX);

export function isZero(bytes: Buffer): boolean {
  return bytes.equals(ZEROES.subarray(0, bytes.length));
}

export function bulkPool(): BufferPool {
  return new BufferPool({ unitBytes: BULK_BYTES_MAX, freeMax: POOL_FREE_MAX });
}

/** A copy of what bulk has read, on loan from the pool where that is worth it. */
export function keptContent(bytes: Buffer, pool: BufferPool): Pick<CapturedExtent, 'content' | 'release'> {
  if (bytes.length < POOLED_BYTES_MIN) {
    const content = Buffer.allocUnsafeSlow(bytes.length);
    bytes.copy(content);
    return { content };
  }
  const { bytes: content, release } = pool.take(bytes.length);
  bytes.copy(content);
  return { content, release };
}

export class BlockContents {
  #slab: Buffer = Buffer.alloc(0);
  #usedBytes = 0;

  /** One entry for each 4 KiB block of `bytes`; the last may be shorter. */
  keep(bytes: Buffer): (Buffer | undefined)[] {
    const contents: (Buffer | undefined)[] = [];
    for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
      const block = bytes.subarray(at, at + BLOCK_BYTES);
      contents.push(isZero(block) ? undefined : this.#copy(block));
    }
    return contents;
  }

  #copy(block: Buffer): Buffer {
    if (this.#usedBytes + block.length > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#usedBytes = 0;
    }
    const kept = this.#slab.subarray(this.#usedBytes, this.#usedBytes + block.length);
    block.copy(kept);
    this.#usedBytes += block.length;
    return kept;
  }
}
