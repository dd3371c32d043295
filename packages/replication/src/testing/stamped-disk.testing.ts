/**
 * A disk as one number a block: the block's whole content follows from its stamp, so that states are cheap
 * to keep and any torn or misplaced byte shows. Stamp 0 is a block of zeroes; every third stamp does not
 * compress.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

export const BLOCK_BYTES = 4096;
const CHUNK_BLOCKS = (1024 * 1024) / BLOCK_BYTES;
const CACHED_BLOCKS_MAX = 4096;

export type Stamps = Uint32Array;

const cache = new Map<number, Buffer>();

export function blockContent(stamp: number): Buffer {
  const cached = cache.get(stamp);
  if (cached !== undefined) return cached;
  if (cache.size >= CACHED_BLOCKS_MAX) cache.clear();
  const words = new Uint32Array(BLOCK_BYTES / 4).fill(stamp);
  if (stamp % 3 === 1) scramble(words, stamp);
  const content = Buffer.from(words.buffer);
  cache.set(stamp, content);
  return content;
}

function scramble(words: Uint32Array, stamp: number): void {
  let state = stamp;
  for (let index = 1; index < words.length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[index] = state ^ (state >>> 13);
  }
}

/** The stamps of whole blocks; fails for bytes that are no block's content. */
export function stampsOf(content: Buffer): number[] {
  assert.equal(content.length % BLOCK_BYTES, 0);
  return Array.from({ length: content.length / BLOCK_BYTES }, (_value, index) => {
    const block = content.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
    const stamp = block.readUInt32LE(0);
    assert.ok(block.equals(blockContent(stamp)), `a block that says stamp ${stamp} is torn`);
    return stamp;
  });
}

export function contentOf(stamps: Stamps, firstBlock: number, count: number): Buffer {
  return Buffer.concat(Array.from(stamps.subarray(firstBlock, firstBlock + count), blockContent));
}

export function chunkHashesOf(stamps: Stamps, firstChunk: number, count: number): Buffer {
  const hashes = Array.from({ length: count }, (_value, index) => {
    const hash = createHash('sha256');
    const first = (firstChunk + index) * CHUNK_BLOCKS;
    for (const stamp of stamps.subarray(first, first + CHUNK_BLOCKS)) hash.update(blockContent(stamp));
    return hash.digest();
  });
  return Buffer.concat(hashes);
}
