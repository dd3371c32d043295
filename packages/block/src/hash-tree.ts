/**
 * The hash tree of a disk: that of RFC 6962, section 2.1, over the SHA-256 of its chunks of 1 MiB (the last
 * may be short), in order.
 *
 *     leaf of a chunk   SHA-256(0x00 ‖ SHA-256(chunk))
 *     node              SHA-256(0x01 ‖ left ‖ right)
 *     a node without a neighbour stands for itself one level up
 */
import { createHash } from 'node:crypto';
import { assert } from '@landfall/runtime';

export const HASH_TREE_CHUNK_BYTES = 1024 * 1024;
const HASH_BYTES = 32;

/** `chunkHashes`: 32 bytes a chunk, one at least. */
export function hashTreeRoot(chunkHashes: Buffer): Buffer {
  assert(chunkHashes.length > 0 && chunkHashes.length % HASH_BYTES === 0, 'a disk has whole hashes');
  let level: Buffer[] = [];
  for (let at = 0; at < chunkHashes.length; at += HASH_BYTES) {
    level.push(hashed(0, chunkHashes.subarray(at, at + HASH_BYTES)));
  }
  while (level.length > 1) level = parentsOf(level);
  return level[0] ?? Buffer.alloc(0);
}

function parentsOf(level: readonly Buffer[]): Buffer[] {
  const parents: Buffer[] = [];
  for (let index = 0; index < level.length; index += 2) {
    const [left, right] = level.slice(index, index + 2);
    if (left !== undefined) parents.push(right === undefined ? left : hashed(1, left, right));
  }
  return parents;
}

function hashed(prefix: number, ...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha256').update(Buffer.from([prefix]));
  for (const part of parts) hash.update(part);
  return hash.digest();
}
