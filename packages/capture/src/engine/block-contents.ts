/**
 * Keeps what was read. Of bulk the reader's buffer itself, when it lends it. Of a cut, where many versions of
 * single blocks are held: the reader's buffer is used again, so blocks are copied into slabs of which each
 * block is a slice; zero blocks keep nothing. A slab lives as long as one of its blocks does.
 */

import { BLOCK_BYTES } from '../tracker/read-ticket.ts';
import type { CapturedExtent } from './epoch-source.ts';

const SLAB_BYTES = 256 * 1024;
const BULK_BYTES_MAX = 1024 * 1024;
/** Smaller bulk extents are copied: a reader's buffer is as large as its largest read. */
const KEPT_BYTES_MIN = BULK_BYTES_MAX / 4;
const ZEROES = Buffer.alloc(BULK_BYTES_MAX);

export function isZero(bytes: Buffer): boolean {
  return bytes.equals(ZEROES.subarray(0, bytes.length));
}

/** What bulk has read: the reader's own bytes on loan where that is worth it, or a copy. */
export function keptContent(
  bytes: Buffer,
  keep: (() => () => void) | undefined,
): Pick<CapturedExtent, 'content' | 'release'> {
  if (keep !== undefined && bytes.length >= KEPT_BYTES_MIN) return { content: bytes, release: keep() };
  const content = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(content);
  return { content };
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
