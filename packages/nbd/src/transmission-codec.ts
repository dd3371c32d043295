/**
 * Messages of the transmission phase as bytes, both directions. Pure. Wrong magic numbers end the
 * connection.
 */
import type { AllocationExtent } from '@landfall/block';
import { ByteReader, u32, u64 } from './byte-reader.ts';
import {
  REQUEST_MAGIC,
  SIMPLE_REPLY_MAGIC,
  STATE,
  STRING_BYTES_MAX,
  STRUCTURED_REPLY_MAGIC,
} from './protocol.ts';
import { protocolViolation } from './protocol-violation.ts';

export const REQUEST_BYTES = 28;
export const REPLY_MAGIC_BYTES = 4;
export const SIMPLE_REPLY_BYTES = 16;
export const STRUCTURED_REPLY_BYTES = 20;
/** The offset before the bytes of an OFFSET_DATA chunk. */
export const DATA_OFFSET_BYTES = 8;
/** Chunks other than OFFSET_DATA are never longer: extents and error texts are bounded. */
export const CONTROL_CHUNK_BYTES_MAX = 64 * 1024;

export interface Request {
  readonly flags: number;
  readonly command: number;
  /** Chosen by the client, comes back with the reply. */
  readonly cookie: bigint;
  /**
   * Safe: an offset beyond every device is cut to the largest safe integer, and is still beyond every
   * device.
   */
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export function encodeRequest(request: Request): Buffer {
  const message = Buffer.allocUnsafe(REQUEST_BYTES);
  message.writeUInt32BE(REQUEST_MAGIC, 0);
  message.writeUInt16BE(request.flags, 4);
  message.writeUInt16BE(request.command, 6);
  message.writeBigUInt64BE(request.cookie, 8);
  message.writeBigUInt64BE(BigInt(request.offsetBytes), 16);
  message.writeUInt32BE(request.lengthBytes, 24);
  return message;
}

export function decodeRequest(message: Buffer): Request {
  if (message.readUInt32BE(0) !== REQUEST_MAGIC) {
    throw protocolViolation('a request has a wrong magic number');
  }
  return {
    flags: message.readUInt16BE(4),
    command: message.readUInt16BE(6),
    cookie: message.readBigUInt64BE(8),
    offsetBytes: Math.min(Number(message.readBigUInt64BE(16)), Number.MAX_SAFE_INTEGER),
    lengthBytes: message.readUInt32BE(24),
  };
}

export function encodeSimpleReply(cookie: bigint, errno: number): Buffer {
  const message = Buffer.allocUnsafe(SIMPLE_REPLY_BYTES);
  message.writeUInt32BE(SIMPLE_REPLY_MAGIC, 0);
  message.writeUInt32BE(errno, 4);
  message.writeBigUInt64BE(cookie, 8);
  return message;
}

export interface ChunkHeader {
  readonly flags: number;
  readonly type: number;
  readonly cookie: bigint;
  /** Of what follows the header. */
  readonly lengthBytes: number;
}

export function encodeChunkHeader({ flags, type, cookie, lengthBytes }: ChunkHeader): Buffer {
  const message = Buffer.allocUnsafe(STRUCTURED_REPLY_BYTES);
  writeChunkHeader(message, { flags, type, cookie, lengthBytes });
  return message;
}

/** Header of an OFFSET_DATA chunk with the offset its bytes follow. */
export function encodeDataChunkHeader(header: Omit<ChunkHeader, 'lengthBytes'>, at: DataPlace): Buffer {
  const message = Buffer.allocUnsafe(STRUCTURED_REPLY_BYTES + DATA_OFFSET_BYTES);
  writeChunkHeader(message, { ...header, lengthBytes: DATA_OFFSET_BYTES + at.lengthBytes });
  message.writeBigUInt64BE(BigInt(at.offsetBytes), STRUCTURED_REPLY_BYTES);
  return message;
}

export interface DataPlace {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

function writeChunkHeader(message: Buffer, header: ChunkHeader): void {
  message.writeUInt32BE(STRUCTURED_REPLY_MAGIC, 0);
  message.writeUInt16BE(header.flags, 4);
  message.writeUInt16BE(header.type, 6);
  message.writeBigUInt64BE(header.cookie, 8);
  message.writeUInt32BE(header.lengthBytes, 16);
}

export type ReplyHeader =
  | { readonly kind: 'SIMPLE'; readonly cookie: bigint; readonly errno: number }
  | ({ readonly kind: 'CHUNK' } & ChunkHeader);

/** How many bytes the header has that starts with these 4 bytes. */
export function replyHeaderBytes(start: Buffer): number {
  const magic = start.readUInt32BE(0);
  if (magic === SIMPLE_REPLY_MAGIC) return SIMPLE_REPLY_BYTES;
  if (magic === STRUCTURED_REPLY_MAGIC) return STRUCTURED_REPLY_BYTES;
  throw protocolViolation('a reply has a wrong magic number');
}

export function decodeReplyHeader(message: Buffer): ReplyHeader {
  const cookie = message.readBigUInt64BE(8);
  if (replyHeaderBytes(message) === SIMPLE_REPLY_BYTES) {
    return { kind: 'SIMPLE', cookie, errno: message.readUInt32BE(4) };
  }
  return {
    kind: 'CHUNK',
    flags: message.readUInt16BE(4),
    type: message.readUInt16BE(6),
    cookie,
    lengthBytes: message.readUInt32BE(16),
  };
}

export function encodeHole(offsetBytes: number, lengthBytes: number): Buffer {
  return Buffer.concat([u64(offsetBytes), u32(lengthBytes)]);
}

export function decodeHole(payload: Buffer): DataPlace | undefined {
  const reader = new ByteReader(payload);
  const offset = reader.u64();
  const lengthBytes = reader.u32();
  if (offset === undefined || lengthBytes === undefined || reader.restBytes > 0) return undefined;
  return { offsetBytes: Math.min(Number(offset), Number.MAX_SAFE_INTEGER), lengthBytes };
}

/** Payload of an ERROR chunk. */
export function encodeError(errno: number, text: string): Buffer {
  const content = Buffer.from(text).subarray(0, STRING_BYTES_MAX);
  const length = Buffer.allocUnsafe(2);
  length.writeUInt16BE(content.length);
  return Buffer.concat([u32(errno), length, content]);
}

/** Payload of ERROR and of ERROR_OFFSET, whose offset after the text is not needed. */
export function decodeError(payload: Buffer): { errno: number; text: string } | undefined {
  const reader = new ByteReader(payload);
  const errno = reader.u32();
  const lengthBytes = reader.u16();
  if (errno === undefined || errno === 0 || lengthBytes === undefined) return undefined;
  const text = reader.bytes(lengthBytes);
  return text === undefined ? undefined : { errno, text: text.toString() };
}

/** Payload of a BLOCK_STATUS chunk of `base:allocation`. Each extent must be shorter than 4 GiB. */
export function encodeBlockStatus(contextId: number, extents: readonly AllocationExtent[]): Buffer {
  const message = Buffer.allocUnsafe(4 + extents.length * 8);
  message.writeUInt32BE(contextId, 0);
  extents.forEach(({ lengthBytes, zero }, index) => {
    message.writeUInt32BE(lengthBytes, 4 + index * 8);
    message.writeUInt32BE(zero ? STATE.HOLE | STATE.ZERO : 0, 8 + index * 8);
  });
  return message;
}

export interface BlockStatus {
  readonly contextId: number;
  readonly extents: readonly AllocationExtent[];
}

/**
 * The extents as they follow each other from `offsetBytes`; `undefined` when malformed, empty or without
 * length.
 */
export function decodeBlockStatus(payload: Buffer, offsetBytes: number): BlockStatus | undefined {
  const reader = new ByteReader(payload);
  const contextId = reader.u32();
  if (contextId === undefined || reader.restBytes === 0 || reader.restBytes % 8 !== 0) return undefined;
  const extents: AllocationExtent[] = [];
  let position = offsetBytes;
  while (reader.restBytes > 0) {
    const lengthBytes = reader.u32() ?? 0;
    const zero = ((reader.u32() ?? 0) & STATE.ZERO) !== 0;
    if (lengthBytes === 0) return undefined;
    extents.push({ offsetBytes: position, lengthBytes, zero });
    position += lengthBytes;
  }
  return { contextId, extents };
}
