/**
 * SHA-256 of 1 MiB chunks for the rescan. Chunks that only the base holds are read, verified and hashed once
 * and remembered; never-written ones cost no read; the others are read through a view and hashed. Several
 * at a time, so that the storage reads while processors hash. Errors: those of reading, and
 * JOURNAL_STORAGE_FAILED or STAGING_FULL for a write of before.
 */
import { type Logger, OperationError, type Sha256, systemErrorCode } from '@landfall/runtime';
import type { DiskJournal } from '../group/disk-journal.ts';
import { storageFailure } from '../journal-errors.ts';
import { checkRange } from '../segments/extent-checks.ts';
import type { PointInTimeView } from '../views/point-in-time-view.ts';
import { CHUNK_BYTES } from './base-table.ts';

const CHUNKS_IN_FLIGHT_MAX = 4;
const SHA256_BYTES = 32;

export interface ChunkRange {
  readonly firstChunk: number;
  readonly count: number;
  /** Read and hash also what is remembered. */
  readonly fresh: boolean;
  readonly logger: Logger;
  readonly sha256: Sha256;
}

/** `view`: of the newest epoch; absent during the first sync, when the base answers. */
export async function hashChunks(
  disk: DiskJournal,
  view: PointInTimeView | undefined,
  range: ChunkRange,
): Promise<Buffer> {
  const { firstChunk, count } = range;
  const chunkCount = Math.ceil(disk.sizeBytes / CHUNK_BYTES);
  checkRange([{ sizeBytes: chunkCount }], 0, { offsetBytes: firstChunk, lengthBytes: count });
  const hashes = Buffer.alloc(count * SHA256_BYTES);
  let next = 0;
  const work = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      const hash = await hashOrNothing(disk, view, firstChunk + index, range);
      hash?.copy(hashes, index * SHA256_BYTES);
    }
  };
  await Promise.all(Array.from({ length: view === undefined ? 1 : CHUNKS_IN_FLIGHT_MAX }, work));
  return hashes;
}

/** It waits for what is on its way into the base, and tells what failed of that. */
async function hashOfPartialBase({ base }: DiskJournal, chunk: number): Promise<Buffer> {
  try {
    return await base.chunkSha256(chunk);
  } catch (error) {
    throw systemErrorCode(error) === undefined ? error : storageFailure(error);
  }
}

/** A damaged chunk has no hash; its 32 zero bytes make the sender send it again (J6). */
async function hashOrNothing(
  disk: DiskJournal,
  view: PointInTimeView | undefined,
  chunk: number,
  { logger, sha256, fresh }: ChunkRange,
): Promise<Buffer | undefined> {
  if (view === undefined) return hashOfPartialBase(disk, chunk);
  try {
    const known = fresh ? undefined : await view.baseChunkSha256(chunk, sha256);
    return known ?? (await hashThroughView(view, chunk, sha256));
  } catch (error) {
    if (!(error instanceof OperationError) || error.code !== 'EXTENT_DAMAGED') throw error;
    logger.error('journal-chunk-damaged', { diskIndex: disk.diskIndex, chunk, error });
    return undefined;
  }
}

async function hashThroughView(view: PointInTimeView, chunk: number, sha256: Sha256): Promise<Buffer> {
  const content = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, view.sizeBytes - chunk * CHUNK_BYTES));
  await view.read(chunk * CHUNK_BYTES, content);
  return sha256(content);
}
