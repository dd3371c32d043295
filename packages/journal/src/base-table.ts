/**
 * The table beside the base: one entry of 104 bytes for each 1 MiB chunk (FORMAT.md, "Base table"). SHA-256
 * of the chunk answers the rescan; a CRC-32 for each 64 KiB block lets a small read be verified without
 * reading the chunk. An entry of zeroes is a chunk that was never written: it reads as zeroes.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

export const CHUNK_BYTES = 1024 * 1024;
export const BLOCK_BYTES = 64 * 1024;
export const TABLE_ENTRY_BYTES = 104;
const BLOCKS = CHUNK_BYTES / BLOCK_BYTES;
/** The content changed since its hashes were taken: they are taken again before the base becomes valid. */
const STATE_STALE = 1;
const STATE_HASHED = 2;

export interface TableEntry {
  readonly sha256: Buffer;
  readonly blockChecksums: readonly number[];
}

/** `content`: the whole chunk; only the disk's last one is shorter. */
export function encodeTableEntry(content: Buffer): Buffer {
  const entry = Buffer.alloc(TABLE_ENTRY_BYTES);
  createHash('sha256').update(content).digest().copy(entry, 0);
  for (let block = 0; block * BLOCK_BYTES < content.length; block += 1) {
    const bytes = content.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
    entry.writeUInt32LE(crc32(bytes), 32 + block * 4);
  }
  return finishEntry(entry, STATE_HASHED);
}

export function encodeStaleEntry(): Buffer {
  return finishEntry(Buffer.alloc(TABLE_ENTRY_BYTES), STATE_STALE);
}

function finishEntry(entry: Buffer, state: number): Buffer {
  entry.writeUInt32LE(state, 96);
  entry.writeUInt32LE(crc32(entry.subarray(0, 100)), 100);
  return entry;
}

/** `undefined`: not an intact entry of a hashed chunk. */
export function decodeTableEntry(bytes: Buffer): TableEntry | undefined {
  if (bytes.length !== TABLE_ENTRY_BYTES || bytes.readUInt32LE(96) !== STATE_HASHED) return undefined;
  if (bytes.readUInt32LE(100) !== crc32(bytes.subarray(0, 100))) return undefined;
  const blockChecksums = Array.from({ length: BLOCKS }, (_, block) => bytes.readUInt32LE(32 + block * 4));
  return { sha256: bytes.subarray(0, 32), blockChecksums };
}

export function isEmptyEntry(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
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
