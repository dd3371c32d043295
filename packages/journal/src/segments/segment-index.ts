/**
 * The index a sealed segment ends with: extents sorted by offset in columns, then one row per commit, then a
 * footer of fixed size at the very end (FORMAT.md, "Sealed segments"). It repeats what the records say: a
 * damaged index is rebuilt from them.
 */
import { crc32 } from 'node:zlib';
import type { Consistency } from '@landfall/model';
import { assert } from '@landfall/runtime';
import {
  type CommitRecord,
  consistencyCode,
  consistencyFrom,
  encodeIndexHeader,
  RECORD_HEADER_BYTES,
  wholeAt,
  writeWhole,
} from './segment-records.ts';
import type { ExtentColumns } from './sorted-extents.ts';
import { WholeColumn, wordsOf } from './whole-column.ts';

export const FOOTER_BYTES = 48;
export const EXTENT_ROW_BYTES = 24;
export const COMMIT_ROW_BYTES = 80;
const FOOTER_MAGIC = Buffer.from('LFJIDX01', 'latin1');

/** What a commit record says of its epoch, without what only a scan needs. */
export interface SealedCommit
  extends Pick<CommitRecord, 'epoch' | 'cutTimeMs' | 'cutMonotonicNs' | 'extentCount' | 'participants'> {
  readonly consistency: Consistency;
  /** The position after the commit record. */
  readonly endBytes: number;
}

export interface SegmentIndex {
  readonly extents: ExtentColumns;
  readonly commits: readonly SealedCommit[];
}

/** What of a segment an index is written of. */
export interface IndexParts {
  readonly extents: ExtentColumns;
  /** As `encodeCommitRow` makes them. */
  readonly commitRows: Buffer;
}

/** Everything that follows the records: header, index, footer, as parts to be written at `positionBytes`. */
export function encodeIndex(parts: IndexParts, identity: number, positionBytes: number): Buffer[] {
  const { extents, commitRows } = parts;
  const body = Buffer.concat([encodeColumns(extents), commitRows]);
  const footer = Buffer.alloc(FOOTER_BYTES);
  FOOTER_MAGIC.copy(footer, 0);
  writeWhole(footer, positionBytes, 8);
  writeWhole(footer, extents.lengths.length, 16);
  writeWhole(footer, commitRows.length / COMMIT_ROW_BYTES, 24);
  footer.writeUInt32LE(crc32(body), 32);
  footer.writeUInt32LE(crc32(footer.subarray(0, 44), identity), 44);
  return [encodeIndexHeader(body.length, { identity, positionBytes }), body, footer];
}

export interface IndexFooter {
  /** Of the index body. */
  readonly positionBytes: number;
  readonly sizeBytes: number;
  readonly extentCount: number;
  readonly commitCount: number;
  readonly checksum: number;
}

export function decodeFooter(bytes: Buffer, identity: number): IndexFooter | undefined {
  if (bytes.length !== FOOTER_BYTES || !bytes.subarray(0, 8).equals(FOOTER_MAGIC)) return undefined;
  if (bytes.readUInt32LE(44) !== crc32(bytes.subarray(0, 44), identity)) return undefined;
  const headerPosition = wholeAt(bytes, 8);
  const extentCount = wholeAt(bytes, 16);
  const commitCount = wholeAt(bytes, 24);
  if (headerPosition === undefined || extentCount === undefined || commitCount === undefined) {
    return undefined;
  }
  const sizeBytes = extentCount * EXTENT_ROW_BYTES + commitCount * COMMIT_ROW_BYTES;
  const positionBytes = headerPosition + RECORD_HEADER_BYTES;
  return { positionBytes, sizeBytes, extentCount, commitCount, checksum: bytes.readUInt32LE(32) };
}

export function decodeIndex(body: Buffer, footer: IndexFooter): SegmentIndex | undefined {
  if (body.length !== footer.sizeBytes || crc32(body) !== footer.checksum) return undefined;
  const commitRows = body.subarray(footer.extentCount * EXTENT_ROW_BYTES);
  const commits: SealedCommit[] = [];
  for (let row = 0; row < footer.commitCount; row += 1) {
    const commit = decodeCommitRow(commitRows.subarray(row * COMMIT_ROW_BYTES, (row + 1) * COMMIT_ROW_BYTES));
    if (commit === undefined) return undefined;
    commits.push(commit);
  }
  return { extents: decodeColumns(body, footer.extentCount), commits };
}

function encodeColumns({ offsets, positions, lengths, payloads }: ExtentColumns): Buffer {
  const bytesOf = ({ buffer, byteOffset, byteLength }: Uint32Array) =>
    Buffer.from(buffer, byteOffset, byteLength);
  return Buffer.concat([offsets.encode(), positions.encode(), bytesOf(lengths), bytesOf(payloads)]);
}

function decodeColumns(bytes: Buffer, count: number): ExtentColumns {
  return {
    offsets: WholeColumn.decode(bytes.subarray(0, count * 8), count),
    positions: WholeColumn.decode(bytes.subarray(count * 8, count * 16), count),
    lengths: wordsOf(bytes.subarray(count * 16, count * 20), count).slice(),
    payloads: wordsOf(bytes.subarray(count * 20, count * 24), count).slice(),
  };
}

/** Without the check for safe integers: the body's checksum holds, and only safe integers were written. */
function unsafeWholeAt(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset) + bytes.readUInt32LE(offset + 4) * 2 ** 32;
}

export function encodeCommitRow(commit: SealedCommit): Buffer {
  assert(commit.participants.length === 32, 'participants are 256 bits');
  const bytes = Buffer.alloc(COMMIT_ROW_BYTES);
  writeWhole(bytes, commit.epoch, 0);
  writeWhole(bytes, commit.endBytes, 8);
  writeWhole(bytes, commit.cutTimeMs, 16);
  bytes.writeBigUInt64LE(commit.cutMonotonicNs, 24);
  writeWhole(bytes, commit.extentCount, 32);
  bytes.writeUInt32LE(consistencyCode(commit.consistency), 40);
  commit.participants.copy(bytes, 48);
  return bytes;
}

/** Exported for the segment that was sealed a moment ago: memory holds it as it is read back. */
export function packColumns(columns: ExtentColumns): ExtentColumns {
  return decodeColumns(encodeColumns(columns), columns.lengths.length);
}

export function decodeCommitRow(bytes: Buffer): SealedCommit | undefined {
  const consistency = consistencyFrom(bytes.readUInt32LE(40));
  if (consistency === undefined) return undefined;
  return {
    epoch: unsafeWholeAt(bytes, 0),
    endBytes: unsafeWholeAt(bytes, 8),
    cutTimeMs: unsafeWholeAt(bytes, 16),
    cutMonotonicNs: bytes.readBigUInt64LE(24),
    extentCount: unsafeWholeAt(bytes, 32),
    consistency,
    participants: Buffer.from(bytes.subarray(48, 80)),
  };
}
