/** The hash of a chunk as extents have it, when they have all of it. */
import { createHash } from 'node:crypto';
import { endOf } from '@landfall/block';
import type { CapturedExtent } from '@landfall/capture';
import { RESCAN_CHUNK_BYTES } from '../epoch-store.ts';

export interface ChunkPlace {
  readonly diskIndex: number;
  readonly chunk: number;
  /** Of the disk. */
  readonly sizeBytes: number;
}

/** `extents`: of a cut, in the order of disk and offset. SHA-256, or `undefined` when a byte is missing. */
export function coveredChunkHash(
  extents: readonly CapturedExtent[],
  { diskIndex, chunk, sizeBytes }: ChunkPlace,
): Buffer | undefined {
  const begin = chunk * RESCAN_CHUNK_BYTES;
  const end = Math.min(begin + RESCAN_CHUNK_BYTES, sizeBytes);
  const content = Buffer.alloc(end - begin);
  let covered = begin;
  for (const extent of extents) {
    const { offsetBytes } = extent;
    if (extent.diskIndex !== diskIndex || endOf(extent) <= begin || offsetBytes >= end) continue;
    if (offsetBytes > covered) return undefined;
    const from = Math.max(begin, offsetBytes);
    extent.content?.copy(
      content,
      from - begin,
      from - offsetBytes,
      Math.min(end, endOf(extent)) - offsetBytes,
    );
    covered = Math.max(covered, endOf(extent));
  }
  return covered < end ? undefined : createHash('sha256').update(content).digest();
}
