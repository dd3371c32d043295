/**
 * The records of a segment, byte by byte (FORMAT.md, "Segments"). Little-endian. Every header carries its own
 * position and a CRC-32 that starts from the segment's identity, so that a record is valid only in the file
 * and at the place it was written: neither a record copied from elsewhere nor one inside an extent's payload
 * can be taken for it.
 */
import { crc32 } from 'node:zlib';
import { CODEC_RAW, CODEC_ZSTD, type Codec } from '@landfall/block';
import { CONSISTENCIES, type Consistency } from '@landfall/model';
import { assert } from '@landfall/runtime';

export const SEGMENT_HEADER_BYTES = 64;
export const RECORD_HEADER_BYTES = 56;
export const COMMIT_RECORD_BYTES = 128;
export const DISKS_MAX = 256;
/** Longest extent one record holds; the agent's are 1 MiB at most. */
export const EXTENT_BYTES_MAX = 64 * 1024 * 1024;
/** Longest zero range one record holds; longer ones become several records. */
export const ZERO_RANGE_BYTES_MAX = 1024 * 1024 * 1024;

const SEGMENT_MAGIC = Buffer.from('LFJSEG01', 'latin1');
export const EXTENT_MAGIC = 'LFxt';
export const ZEROES_MAGIC = 'LFzr';
export const COMMIT_MAGIC = 'LFcm';
export const INDEX_MAGIC = 'LFix';

export interface SegmentName {
  /** 16 bytes: the UUID of the journal group. */
  readonly journalId: Buffer;
  readonly diskIndex: number;
  readonly segmentNumber: number;
}

/** Where a record was found, or goes: both are part of its checksum. */
export interface RecordPlace {
  /** Checksum of the segment's header. */
  readonly identity: number;
  readonly positionBytes: number;
}

export interface ExtentRecord {
  readonly kind: 'extent' | 'zeroes';
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly codec: Codec;
  /** 0 for zeroes. */
  readonly payloadBytes: number;
  readonly payloadChecksum: number;
  readonly epoch: number;
}

export interface CommitRecord {
  readonly kind: 'commit';
  readonly epoch: number;
  readonly cutTimeMs: number;
  readonly cutMonotonicNs: bigint;
  readonly consistency: Consistency;
  /** Position of the epoch's first record in this file. */
  readonly startBytes: number;
  /** Extent and zero records of the epoch in this file. */
  readonly recordCount: number;
  /** CRC-32 over the headers of those records, in order; the headers hold the payloads' checksums. */
  readonly recordsChecksum: number;
  /** What the sender counted, over all disks. */
  readonly extentCount: number;
  /** Every epoch up to this one was durable on all disks before this record was written. */
  readonly durableEpoch: number;
  readonly journalId: Buffer;
  /** Bit n: disk n has a commit record of this epoch. */
  readonly participants: Buffer;
}

export interface IndexRecord {
  readonly kind: 'index';
}
export type SegmentRecord = ExtentRecord | CommitRecord | IndexRecord;

export function encodeSegmentHeader(name: SegmentName): Buffer {
  assert(name.journalId.length === 16, 'a journal id has 16 bytes');
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  SEGMENT_MAGIC.copy(bytes, 0);
  name.journalId.copy(bytes, 8);
  bytes.writeUInt32LE(name.diskIndex, 24);
  bytes.writeUInt32LE(name.segmentNumber, 28);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 60)), 60);
  return bytes;
}

/** The identity its records are checked with, or `undefined` when the bytes are not this segment's header. */
export function decodeSegmentHeader(bytes: Buffer, name: SegmentName): number | undefined {
  return encodeSegmentHeader(name).equals(bytes) ? bytes.readUInt32LE(60) : undefined;
}

export type ExtentRecordFields = Omit<ExtentRecord, 'kind'>;

export function encodeExtentHeader(fields: ExtentRecordFields, place: RecordPlace): Buffer {
  const bytes = recordHeader(fields.payloadBytes === 0 ? ZEROES_MAGIC : EXTENT_MAGIC);
  bytes.writeUInt8(fields.codec, 4);
  writeWhole(bytes, fields.offsetBytes, 8);
  writeWhole(bytes, fields.lengthBytes, 16);
  bytes.writeUInt32LE(fields.payloadBytes, 24);
  bytes.writeUInt32LE(fields.payloadChecksum, 28);
  writeWhole(bytes, fields.epoch, 40);
  return finishHeader(bytes, place);
}

/** Stands before the index of a sealed segment, so that a scan knows where the records end. */
export function encodeIndexHeader(indexBytes: number, place: RecordPlace): Buffer {
  const bytes = recordHeader(INDEX_MAGIC);
  writeWhole(bytes, indexBytes, 16);
  return finishHeader(bytes, place);
}

function recordHeader(magic: string): Buffer {
  const bytes = Buffer.alloc(RECORD_HEADER_BYTES);
  bytes.write(magic, 0, 'latin1');
  return bytes;
}

function finishHeader(bytes: Buffer, place: RecordPlace): Buffer {
  writeWhole(bytes, place.positionBytes, 32);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 52), place.identity), 52);
  return bytes;
}

export type CommitRecordFields = Omit<CommitRecord, 'kind'>;

export function encodeCommit(fields: CommitRecordFields, place: RecordPlace): Buffer {
  const bytes = Buffer.alloc(COMMIT_RECORD_BYTES);
  bytes.write(COMMIT_MAGIC, 0, 'latin1');
  bytes.writeUInt8(consistencyCode(fields.consistency), 4);
  writeWhole(bytes, fields.epoch, 8);
  writeWhole(bytes, fields.cutTimeMs, 16);
  bytes.writeBigUInt64LE(fields.cutMonotonicNs, 24);
  writeWhole(bytes, place.positionBytes, 32);
  writeWhole(bytes, fields.startBytes, 40);
  bytes.writeUInt32LE(fields.recordCount, 48);
  bytes.writeUInt32LE(fields.recordsChecksum, 52);
  writeWhole(bytes, fields.extentCount, 56);
  writeWhole(bytes, fields.durableEpoch, 64);
  fields.journalId.copy(bytes, 72);
  fields.participants.copy(bytes, 88);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 124), place.identity), 124);
  return bytes;
}

/**
 * The record at the start of `bytes`. `undefined`: there is none that is intact, or `bytes` is too short for
 * it; 128 bytes are enough for any.
 */
export function decodeRecord(bytes: Buffer, place: RecordPlace): SegmentRecord | undefined {
  if (bytes.length < RECORD_HEADER_BYTES) return undefined;
  const magic = bytes.toString('latin1', 0, 4);
  if (magic === COMMIT_MAGIC) return decodeCommit(bytes, place);
  if (bytes.readUInt32LE(52) !== crc32(bytes.subarray(0, 52), place.identity)) return undefined;
  if (wholeAt(bytes, 32) !== place.positionBytes) return undefined;
  if (magic === INDEX_MAGIC) return { kind: 'index' };
  if (magic === EXTENT_MAGIC) return decodeExtentRecord(bytes, 'extent');
  if (magic === ZEROES_MAGIC) return decodeExtentRecord(bytes, 'zeroes');
  return undefined;
}

function decodeExtentRecord(bytes: Buffer, kind: ExtentRecord['kind']): ExtentRecord | undefined {
  const codec = codecFrom(bytes.readUInt8(4));
  const offsetBytes = wholeAt(bytes, 8);
  const lengthBytes = wholeAt(bytes, 16);
  const payloadBytes = bytes.readUInt32LE(24);
  const payloadChecksum = bytes.readUInt32LE(28);
  const epoch = wholeAt(bytes, 40);
  if (codec === undefined || offsetBytes === undefined || lengthBytes === undefined) return undefined;
  if (epoch === undefined || lengthBytes === 0 || (payloadBytes === 0) !== (kind === 'zeroes')) {
    return undefined;
  }
  if (lengthBytes > (kind === 'zeroes' ? ZERO_RANGE_BYTES_MAX : EXTENT_BYTES_MAX)) return undefined;
  return { kind, offsetBytes, lengthBytes, codec, payloadBytes, payloadChecksum, epoch };
}

function decodeCommit(bytes: Buffer, place: RecordPlace): CommitRecord | undefined {
  if (bytes.length < COMMIT_RECORD_BYTES) return undefined;
  if (bytes.readUInt32LE(124) !== crc32(bytes.subarray(0, 124), place.identity)) return undefined;
  if (wholeAt(bytes, 32) !== place.positionBytes) return undefined;
  const consistency = CONSISTENCIES[bytes.readUInt8(4)];
  const epoch = wholeAt(bytes, 8);
  const cutTimeMs = wholeAt(bytes, 16);
  const startBytes = wholeAt(bytes, 40);
  const extentCount = wholeAt(bytes, 56);
  const durableEpoch = wholeAt(bytes, 64);
  if (consistency === undefined || epoch === undefined || cutTimeMs === undefined) return undefined;
  if (startBytes === undefined || extentCount === undefined || durableEpoch === undefined) return undefined;
  return {
    kind: 'commit',
    epoch,
    cutTimeMs,
    cutMonotonicNs: bytes.readBigUInt64LE(24),
    consistency,
    startBytes,
    recordCount: bytes.readUInt32LE(48),
    recordsChecksum: bytes.readUInt32LE(52),
    extentCount,
    durableEpoch,
    journalId: Buffer.from(bytes.subarray(72, 88)),
    participants: Buffer.from(bytes.subarray(88, 120)),
  };
}

/** Bytes the record takes in the file, its payload included. */
export function recordBytes(record: ExtentRecord | CommitRecord): number {
  return record.kind === 'commit' ? COMMIT_RECORD_BYTES : RECORD_HEADER_BYTES + record.payloadBytes;
}

export function consistencyCode(consistency: Consistency): number {
  return CONSISTENCIES.indexOf(consistency);
}

export function consistencyFrom(code: number): Consistency | undefined {
  return CONSISTENCIES[code];
}

function codecFrom(code: number): Codec | undefined {
  return code === CODEC_RAW || code === CODEC_ZSTD ? code : undefined;
}

/** 64 bits on disk, a safe whole number in memory; `undefined` when it is not one. */
export function wholeAt(bytes: Buffer, offset: number): number | undefined {
  const value = bytes.readUInt32LE(offset) + bytes.readUInt32LE(offset + 4) * 2 ** 32;
  return Number.isSafeInteger(value) ? value : undefined;
}

export function writeWhole(bytes: Buffer, value: number, offset: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, `${value} is not a whole number the format can hold`);
  bytes.writeUInt32LE(value % 2 ** 32, offset);
  bytes.writeUInt32LE(Math.floor(value / 2 ** 32), offset + 4);
}

export function participantsOf(diskIndexes: Iterable<number>): Buffer {
  const bits = Buffer.alloc(DISKS_MAX / 8);
  for (const index of diskIndexes) {
    assert(index >= 0 && index < DISKS_MAX, `disk ${index} does not fit the participants of an epoch`);
    bits.writeUInt8(bits.readUInt8(index >> 3) | (1 << (index & 7)), index >> 3);
  }
  return bits;
}

export function hasParticipant(participants: Buffer, diskIndex: number): boolean {
  return (participants.readUInt8(diskIndex >> 3) & (1 << (diskIndex & 7))) !== 0;
}

export function countParticipants(participants: Buffer): number {
  let count = 0;
  for (let index = 0; index < DISKS_MAX; index += 1) if (hasParticipant(participants, index)) count += 1;
  return count;
}
