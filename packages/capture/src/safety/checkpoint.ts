/**
 * What a checkpoint holds, and its form as bytes:
 *
 *     magic 8 | header length u32 | body length u32 | SHA-256 of header and body | header JSON | body, zstd
 *
 * body, for each disk: dirty map, discarded map (each: summary count u32, summary, word count u32, words),
 * then the extents (count u32, then offset and length as f64). Little-endian. The maps are 33 MiB per TiB
 * at the most, and next to nothing for a disk that is in step.
 */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import type { Extent } from '@landfall/block';
import { OperationError } from '@landfall/runtime';
import type { DirtyMapCopy } from '../tracker/dirty-map.ts';
import type { TraceIdentity } from './safety-trace.ts';
import type { DiskUncertainty } from './uncertainty.ts';

/** The newest epoch known to be durable, and the journal it is in. */
export interface SafetyPosition {
  readonly journalId: string;
  readonly lastEpoch: number;
}

/** The world a checkpoint was made in; it is worth nothing in another. */
export interface SafetyWorld {
  readonly bootId: string;
  readonly machineId: string;
  /** Wall clock less monotonic clock: jumps when a machine was hibernated or set back. */
  readonly clockOffsetMs: number;
  readonly disks: readonly { readonly diskId: string; readonly identity: string }[];
}

/** The process that made it, told from others of the same number. */
export interface SafetyOwner {
  readonly pid: number;
  readonly startTime: string;
}

export interface CheckpointHeader {
  readonly world: SafetyWorld;
  readonly owner: SafetyOwner;
  readonly position: SafetyPosition;
  readonly trace: TraceIdentity;
}

export interface Checkpoint extends CheckpointHeader {
  readonly disks: readonly DiskUncertainty[];
}

const MAGIC = 'LFCKPT01';
const HASH_BYTES = 32;
const PREFIX_BYTES = MAGIC.length + 8 + HASH_BYTES;
const HEADER_BYTES_MAX = 4 * 1024 * 1024;
/** Of 64 disks, more than any machine with so much dirty has memory for. */
const BODY_BYTES_MAX = 0x7fff_ffff;
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

export async function encodeCheckpoint({ disks, ...header }: Checkpoint): Promise<Buffer> {
  const head = Buffer.from(JSON.stringify(header));
  const body = await compress(Buffer.concat(disks.flatMap(diskBytes)), COMPRESSION);
  const lengths = u32(head.length, body.length);
  return Buffer.concat([Buffer.from(MAGIC), lengths, hashOf(head, body), head, body]);
}

/** Errors: CHECKPOINT_DAMAGED. */
export async function decodeCheckpoint(bytes: Buffer): Promise<Checkpoint> {
  if (bytes.length < PREFIX_BYTES || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) throw damaged();
  const headBytes = bytes.readUInt32LE(MAGIC.length);
  const bodyBytes = bytes.readUInt32LE(MAGIC.length + 4);
  if (headBytes > HEADER_BYTES_MAX || bytes.length !== PREFIX_BYTES + headBytes + bodyBytes) throw damaged();
  const head = bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + headBytes);
  const body = bytes.subarray(PREFIX_BYTES + headBytes);
  const hash = bytes.subarray(PREFIX_BYTES - HASH_BYTES, PREFIX_BYTES);
  if (!hashOf(head, body).equals(hash)) throw damaged();
  // The hash holds, so this process's own program wrote it: its form needs no second look.
  const header: CheckpointHeader = JSON.parse(head.toString());
  const content = await decompress(body, { maxOutputLength: BODY_BYTES_MAX });
  const reader = new BodyReader(content);
  const disks = header.world.disks.map(() => ({
    dirty: reader.map(),
    discarded: reader.map(),
    extents: reader.extents(),
  }));
  return { ...header, disks };
}

function diskBytes({ dirty, discarded, extents }: DiskUncertainty): Buffer[] {
  const numbers = Float64Array.from(
    extents.flatMap(({ offsetBytes, lengthBytes }) => [offsetBytes, lengthBytes]),
  );
  return [...mapBytes(dirty), ...mapBytes(discarded), u32(extents.length), bytesOf(numbers)];
}

function mapBytes({ summary, words }: DirtyMapCopy): Buffer[] {
  return [u32(summary.length), bytesOf(summary), u32(words.length), bytesOf(words)];
}

/** A machine of the other byte order reads no checkpoint of ours: the boot id is another. */
function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | Float64Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function u32(...values: readonly number[]): Buffer {
  return bytesOf(Uint32Array.from(values));
}

class BodyReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  map(): DirtyMapCopy {
    return { summary: this.#words(), words: this.#words() };
  }

  extents(): Extent[] {
    const count = this.#take(4).readUInt32LE();
    const bytes = this.#take(count * 16);
    return Array.from({ length: count }, (_, index) => ({
      offsetBytes: bytes.readDoubleLE(index * 16),
      lengthBytes: bytes.readDoubleLE(index * 16 + 8),
    }));
  }

  #words(): Uint32Array {
    const bytes = this.#take(this.#take(4).readUInt32LE() * 4);
    const words = new Uint32Array(bytes.length / 4);
    bytes.copy(bytesOf(words));
    return words;
  }

  #take(count: number): Buffer {
    const from = this.#at;
    this.#at += count;
    if (this.#at > this.#bytes.length) throw damaged();
    return this.#bytes.subarray(from, this.#at);
  }
}

function hashOf(head: Buffer, body: Buffer): Buffer {
  return createHash('sha256').update(head).update(body).digest();
}

function damaged(): OperationError {
  return new OperationError('CHECKPOINT_DAMAGED', 'the checkpoint of the earlier run is damaged', {
    hint: 'nothing is lost: the disks are compared with their replica instead',
  });
}
