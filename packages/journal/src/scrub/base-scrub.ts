/**
 * Verifies a base: every entry of its table, every block of every chunk that was written, and the SHA-256 of
 * a chunk where the table has it. Nothing goes through the cache of the views.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type BaseImage, CHUNK_HOLE } from '../base/base-image.ts';
import {
  BLOCK_BYTES,
  CHUNK_BYTES,
  decodeTableEntry,
  isEmptyEntry,
  TABLE_ENTRY_BYTES,
  type TableEntry,
} from '../base/base-table.ts';
import type { DiskJournal } from '../group/disk-journal.ts';
import { isUnreadable, storageFailure } from '../journal-errors.ts';
import { type JournalDamage, rangeSeen } from './journal-damage.ts';

/** Of chunks that were never written only the entry is read: so many of them in one step. */
const ENTRIES_PER_STEP = 8192;

export interface BaseStep {
  readonly bytes: number;
  readonly damages: readonly JournalDamage[];
  /** Absent at the end. */
  readonly nextChunk?: number;
}

/** From `chunk` on through the first chunk that was written. Errors: JOURNAL_STORAGE_FAILED. */
export async function scrubBase(disk: DiskJournal, lastEpoch: number, chunk: number): Promise<BaseStep> {
  const { base } = disk;
  if (!base.isValid || base.isAdvancing() || chunk >= base.chunkCount) return { bytes: 0, damages: [] };
  const { tablePath } = base;
  const count = untilWritten(base, chunk);
  const entries = await readOrNothing(() => base.readEntries(chunk, count), count * TABLE_ENTRY_BYTES);
  const damages: JournalDamage[] = [];
  let bytes = count * TABLE_ENTRY_BYTES;
  for (let index = 0; index < count; index += 1) {
    const entry = entries?.subarray(index * TABLE_ENTRY_BYTES, (index + 1) * TABLE_ENTRY_BYTES);
    const found = await scrubChunk(disk, lastEpoch, chunk + index, entry);
    damages.push(...found.damages);
    bytes += found.bytes;
  }
  const nextChunk = chunk + count;
  // It began to advance meanwhile: file and table were not read of one state. The next pass looks again.
  const isSame = disk.base === base && base.tablePath === tablePath && !base.isAdvancing();
  if (!isSame) return { bytes, damages: [] };
  return { bytes, damages, ...(nextChunk < base.chunkCount ? { nextChunk } : {}) };
}

/** Bytes of storage that a pass over the base reads. */
export function baseBytes(base: BaseImage): number {
  if (!base.isValid) return 0;
  return base.chunkCount * TABLE_ENTRY_BYTES + base.writtenChunks() * CHUNK_BYTES;
}

function untilWritten(base: BaseImage, chunk: number): number {
  const most = Math.min(ENTRIES_PER_STEP, base.chunkCount - chunk);
  let count = 1;
  while (count < most && base.chunkState(chunk + count - 1) === CHUNK_HOLE) count += 1;
  return count;
}

async function scrubChunk(
  disk: DiskJournal,
  lastEpoch: number,
  chunk: number,
  bytes: Buffer | undefined,
): Promise<BaseStep> {
  const { base } = disk;
  const isHole = base.chunkState(chunk) === CHUNK_HOLE;
  if (isHole && bytes !== undefined && isEmptyEntry(bytes)) return { bytes: 0, damages: [] };
  const entry = bytes === undefined || isHole ? undefined : decodeTableEntry(bytes);
  if (entry === undefined) {
    const place = { offsetBytes: chunk * CHUNK_BYTES, lengthBytes: base.chunkLength(chunk) };
    return { bytes: 0, damages: [damageOf(disk, lastEpoch, 'TABLE', place, 'its table entry is damaged')] };
  }
  const content = Buffer.alloc(base.chunkLength(chunk));
  const read = await readOrNothing(async () => {
    const isWhole = await base.readParts(chunk * CHUNK_BYTES, [content]);
    return isWhole ? content : Buffer.alloc(0);
  }, content.length);
  const places = damagedBlocks(entry, read, content.length).map((at) => ({
    offsetBytes: chunk * CHUNK_BYTES + at,
    lengthBytes: Math.min(BLOCK_BYTES, content.length - at),
  }));
  const what = read === undefined ? 'the storage cannot read it' : 'its checksum does not match';
  const damages = places.map((place) => damageOf(disk, lastEpoch, 'BASE', place, what));
  if (damages.length === 0 && !sha256Holds(entry, content)) {
    const place = { offsetBytes: chunk * CHUNK_BYTES, lengthBytes: content.length };
    damages.push(damageOf(disk, lastEpoch, 'BASE', place, 'its SHA-256 does not match'));
  }
  return { bytes: content.length, damages };
}

/** Offsets in the chunk. */
function damagedBlocks({ blockChecksums }: TableEntry, read: Buffer | undefined, length: number): number[] {
  const damaged: number[] = [];
  for (let at = 0; at < length; at += BLOCK_BYTES) {
    const checksum = blockChecksums[at / BLOCK_BYTES];
    const holds = read !== undefined && crc32(read.subarray(at, at + BLOCK_BYTES)) === checksum;
    if (!holds) damaged.push(at);
  }
  return damaged;
}

function sha256Holds({ sha256 }: TableEntry, content: Buffer): boolean {
  return sha256 === undefined || createHash('sha256').update(content).digest().equals(sha256);
}

function damageOf(
  disk: DiskJournal,
  lastEpoch: number,
  kind: 'BASE' | 'TABLE',
  place: { readonly offsetBytes: number; readonly lengthBytes: number },
  what: string,
): JournalDamage {
  const { base, diskId } = disk;
  const fromEpoch = disk.baseEntry?.commit.epoch ?? lastEpoch;
  const range = rangeSeen(disk, lastEpoch, {
    ...{ ...place, fromEpoch },
    isFrom: ({ source }) => source === undefined,
  });
  const path = kind === 'BASE' ? base.path : base.tablePath;
  const chunk = Math.floor(place.offsetBytes / CHUNK_BYTES);
  const positionBytes = kind === 'BASE' ? place.offsetBytes : chunk * TABLE_ENTRY_BYTES;
  return { kind, path, positionBytes, what, diskId, range };
}

async function readOrNothing(read: () => Promise<Buffer>, lengthBytes: number): Promise<Buffer | undefined> {
  try {
    const bytes = await read();
    return bytes.length === lengthBytes ? bytes : undefined;
  } catch (error) {
    if (isUnreadable(error)) return undefined;
    throw storageFailure(error);
  }
}
