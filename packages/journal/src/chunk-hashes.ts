/**
 * SHA-256 of 1 MiB chunks for the rescan. Chunks that only the base holds answer from its table, after their
 * blocks were verified; never-written ones cost no read; the others are read through a view and hashed,
 * several at a time, so that the storage reads while the processor hashes.
 */
import { createHash } from 'node:crypto';
import { type Logger, OperationError } from '@landfall/runtime';
import { CHUNK_BYTES } from './base-table.ts';
import type { DiskJournal } from './disk-journal.ts';
import { checkRange } from './extent-checks.ts';
import type { PointInTimeView } from './point-in-time-view.ts';

const CHUNKS_IN_FLIGHT_MAX = 4;
const SHA256_BYTES = 32;

export interface ChunkRange {
  readonly firstChunk: number;
  readonly count: number;
  readonly logger: Logger;
}

/** `view`: of the newest epoch; absent during the first sync, when the base answers. */
export async function hashChunks(
  disk: DiskJournal,
  view: PointInTimeView | undefined,
  range: ChunkRange,
): Promise<Buffer> {
  const { firstChunk, count, logger } = range;
  const chunkCount = Math.ceil(disk.sizeBytes / CHUNK_BYTES);
  checkRange([{ sizeBytes: chunkCount }], 0, { offsetBytes: firstChunk, lengthBytes: count });
  const hashes = Buffer.alloc(count * SHA256_BYTES);
  let next = 0;
  const work = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      const hash = await hashOrNothing(disk, view, firstChunk + index, logger);
      hash?.copy(hashes, index * SHA256_BYTES);
    }
  };
  await Promise.all(Array.from({ length: view === undefined ? 1 : CHUNKS_IN_FLIGHT_MAX }, work));
  return hashes;
}

/** A damaged chunk has no hash; its 32 zero bytes make the sender send it again (J6). */
async function hashOrNothing(
  disk: DiskJournal,
  view: PointInTimeView | undefined,
  chunk: number,
  logger: Logger,
): Promise<Buffer | undefined> {
  if (view === undefined) return disk.base.chunkSha256(chunk);
  try {
    return (await view.baseChunkSha256(chunk)) ?? (await hashThroughView(view, chunk));
  } catch (error) {
    if (!(error instanceof OperationError) || error.code !== 'EXTENT_DAMAGED') throw error;
    logger.error('journal-chunk-damaged', { diskIndex: disk.diskIndex, chunk, error });
    return undefined;
  }
}

async function hashThroughView(view: PointInTimeView, chunk: number): Promise<Buffer> {
  const content = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, view.sizeBytes - chunk * CHUNK_BYTES));
  await view.read(chunk * CHUNK_BYTES, content);
  return createHash('sha256').update(content).digest();
}
