/**
 * The table beside the base: one entry of 104 bytes for each 1 MiB chunk (FORMAT.md, "Base table"). A CRC-32
 * for each 64 KiB block lets a small read be verified without reading the chunk. The SHA-256 of the chunk is
 * there where it was known; a chunk that was just received has none, because a rescan reads and verifies the
 * chunk anyway and can take it then, while the first sync should not wait for it. An entry of zeroes is a
 * chunk that was never written: it reads as zeroes.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { appendCrc32, isZero } from '@landfall/block';

export const CHUNK_BYTES = 1024 * 1024;
export const BLOCK_BYTES = 64 * 1024;
export const TABLE_ENTRY_BYTES = 104;
const BLOCKS = CHUNK_BYTES / BLOCK_BYTES;
/** The content changed since its hashes were taken: they are taken again before the base becomes valid. */
const STATE_STALE = 1;
const STATE_HASHED = 2;
/** Block checksums only. */
const STATE_CHECKSUMMED = 3;

export interface TableEntry {
  /** `undefined`: to be taken of the content. */
  readonly sha256: Buffer | undefined;
  readonly blockChecksums: readonly number[];
}

/** `content`: the whole chunk; only the disk's last one is shorter. */
export function encodeTableEntry(content: Buffer): Buffer {
  const entry = encodeChecksums(blockChecksumsOf(content));
  createHash('sha256').update(content).digest().copy(entry, 0);
  return finishEntry(entry, STATE_HASHED);
}

/** An entry without SHA-256. `checksums`: of `blockChecksumsOf` the whole chunk. */
export function encodeChecksummedEntry(checksums: readonly number[]): Buffer {
  return finishEntry(encodeChecksums(checksums), STATE_CHECKSUMMED);
}

/** CRC-32 of each block of a chunk. */
export function blockChecksumsOf(content: Buffer): readonly number[] {
  return Array.from({ length: Math.ceil(content.length / BLOCK_BYTES) }, (_, block) =>
    crc32(content.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES)),
  );
}

/** CRC-32 of the whole chunk, from those of its blocks. */
export function wholeChecksum(checksums: readonly number[], lengthBytes: number): number {
  return checksums.reduce((whole, checksum, block) => {
    const blockBytes = Math.min(BLOCK_BYTES, lengthBytes - block * BLOCK_BYTES);
    return appendCrc32(whole, checksum, blockBytes);
  }, 0);
}

function encodeChecksums(checksums: readonly number[]): Buffer {
  const entry = Buffer.alloc(TABLE_ENTRY_BYTES);
  checksums.forEach((checksum, block) => {
    entry.writeUInt32LE(checksum, 32 + block * 4);
  });
  return entry;
}

export function encodeStaleEntry(): Buffer {
  return finishEntry(Buffer.alloc(TABLE_ENTRY_BYTES), STATE_STALE);
}

function finishEntry(entry: Buffer, state: number): Buffer {
  entry.writeUInt32LE(state, 96);
  entry.writeUInt32LE(crc32(entry.subarray(0, 100)), 100);
  return entry;
}

/** `undefined`: not an intact entry of a chunk whose content is known. */
export function decodeTableEntry(bytes: Buffer): TableEntry | undefined {
  if (bytes.length !== TABLE_ENTRY_BYTES) return undefined;
  const state = bytes.readUInt32LE(96);
  if (state !== STATE_HASHED && state !== STATE_CHECKSUMMED) return undefined;
  if (bytes.readUInt32LE(100) !== crc32(bytes.subarray(0, 100))) return undefined;
  const blockChecksums = Array.from({ length: BLOCKS }, (_, block) => bytes.readUInt32LE(32 + block * 4));
  return { sha256: state === STATE_HASHED ? bytes.subarray(0, 32) : undefined, blockChecksums };
}

const EMPTY_ENTRY = Buffer.alloc(TABLE_ENTRY_BYTES);

export function isEmptyEntry(bytes: Buffer): boolean {
  return EMPTY_ENTRY.equals(bytes);
}

/** Looked at together: most of the table of a large disk is empty, and opening a journal reads all of it. */
const SKIPPED_BYTES = 64 * TABLE_ENTRY_BYTES;

/** The entries in a piece of the table that are not empty, in order. */
export function* writtenEntries(
  bytes: Buffer,
): Generator<{ readonly index: number; readonly entry: Buffer }> {
  for (let from = 0; from < bytes.length; from += SKIPPED_BYTES) {
    const end = Math.min(from + SKIPPED_BYTES, bytes.length);
    if (isZero(bytes.subarray(from, end))) continue;
    for (let at = from; at < end; at += TABLE_ENTRY_BYTES) {
      const entry = bytes.subarray(at, at + TABLE_ENTRY_BYTES);
      if (!isEmptyEntry(entry)) yield { index: at / TABLE_ENTRY_BYTES, entry };
    }
  }
}

const ZERO_CHUNK = Buffer.alloc(CHUNK_BYTES);
const ZERO_CHUNK_SHA256 = sha256OfZeroes(CHUNK_BYTES);

/** SHA-256 of `lengthBytes` (one chunk at most) of zeroes. */
export function zeroesSha256(lengthBytes: number): Buffer {
  return lengthBytes === CHUNK_BYTES ? ZERO_CHUNK_SHA256 : sha256OfZeroes(lengthBytes);
}

function sha256OfZeroes(lengthBytes: number): Buffer {
  return createHash('sha256').update(ZERO_CHUNK.subarray(0, lengthBytes)).digest();
}
