/**
 * Messages of the handshake as bytes, both directions. Pure. Headers with a wrong magic number end the
 * connection (NBD_PROTOCOL_VIOLATION); a payload that cannot be understood is `undefined`, which has its
 * own reply.
 */
import { ByteReader, textField, u16, u32, u64 } from './byte-reader.ts';
import {
  GREETING_MAGIC,
  HANDSHAKE_FLAG,
  INFO,
  OPTION_MAGIC,
  OPTION_REPLY_MAGIC,
  STRING_BYTES_MAX,
} from './protocol.ts';
import { protocolViolation } from './protocol-violation.ts';

export const GREETING_BYTES = 18;
export const CLIENT_FLAGS_BYTES = 4;
export const OPTION_HEADER_BYTES = 16;
export const OPTION_REPLY_HEADER_BYTES = 20;
/** Option payloads beyond this end the connection: names are at most 4096 bytes, and queries are few. */
export const OPTION_BYTES_MAX = 64 * 1024;

const HANDSHAKE_FLAGS = HANDSHAKE_FLAG.FIXED_NEWSTYLE | HANDSHAKE_FLAG.NO_ZEROES;

export function encodeGreeting(): Buffer {
  return Buffer.concat([u64(GREETING_MAGIC), u64(OPTION_MAGIC), u16(HANDSHAKE_FLAGS)]);
}

/** The server's handshake flags. */
export function decodeGreeting(message: Buffer): number {
  const reader = new ByteReader(message);
  if (reader.u64() !== GREETING_MAGIC) throw protocolViolation('the server did not greet as an NBD server');
  if (reader.u64() !== OPTION_MAGIC) throw protocolViolation('the server speaks the withdrawn oldstyle');
  const flags = reader.u16() ?? 0;
  if ((flags & HANDSHAKE_FLAG.FIXED_NEWSTYLE) === 0) {
    throw protocolViolation('the server does not speak fixed newstyle');
  }
  return flags;
}

/** Whether the client wants to be spared the 124 zeroes after EXPORT_NAME. */
export function decodeClientFlags(message: Buffer): { readonly noZeroes: boolean } {
  const flags = message.readUInt32BE();
  if ((flags & ~HANDSHAKE_FLAGS) !== 0) throw protocolViolation(`unknown client flags ${flags}`);
  return { noZeroes: (flags & HANDSHAKE_FLAG.NO_ZEROES) !== 0 };
}

export interface OptionHeader {
  readonly option: number;
  readonly lengthBytes: number;
}

export function encodeOption(option: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([u64(OPTION_MAGIC), u32(option), u32(payload.length), payload]);
}

export function decodeOptionHeader(message: Buffer): OptionHeader {
  const reader = new ByteReader(message);
  if (reader.u64() !== OPTION_MAGIC) throw protocolViolation('an option has a wrong magic number');
  const option = reader.u32() ?? 0;
  const lengthBytes = reader.u32() ?? 0;
  if (lengthBytes > OPTION_BYTES_MAX) throw protocolViolation(`option ${option} has ${lengthBytes} bytes`);
  return { option, lengthBytes };
}

export interface OptionReplyHeader {
  readonly option: number;
  readonly type: number;
  readonly lengthBytes: number;
}

export function encodeOptionReply(option: number, type: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([u64(OPTION_REPLY_MAGIC), u32(option), u32(type), u32(payload.length), payload]);
}

export function decodeOptionReplyHeader(message: Buffer): OptionReplyHeader {
  const reader = new ByteReader(message);
  if (reader.u64() !== OPTION_REPLY_MAGIC)
    throw protocolViolation('an option reply has a wrong magic number');
  const header = { option: reader.u32() ?? 0, type: reader.u32() ?? 0, lengthBytes: reader.u32() ?? 0 };
  if (header.lengthBytes > OPTION_BYTES_MAX) {
    throw protocolViolation(`a reply to option ${header.option} has ${header.lengthBytes} bytes`);
  }
  return header;
}

/** Payload of INFO and GO. */
export interface InfoRequest {
  readonly exportName: string;
  readonly wanted: readonly number[];
}

export function encodeInfoRequest({ exportName, wanted }: InfoRequest): Buffer {
  return Buffer.concat([textField(exportName), u16(wanted.length), ...wanted.map(u16)]);
}

export function decodeInfoRequest(payload: Buffer): InfoRequest | undefined {
  const reader = new ByteReader(payload);
  const exportName = reader.text(STRING_BYTES_MAX);
  const count = reader.u16();
  if (exportName === undefined || count === undefined || reader.restBytes !== count * 2) return undefined;
  return { exportName, wanted: Array.from({ length: count }, () => reader.u16() ?? 0) };
}

/** Payload of LIST_META_CONTEXT and SET_META_CONTEXT. */
export interface MetaContextRequest {
  readonly exportName: string;
  readonly queries: readonly string[];
}

export function encodeMetaContextRequest({ exportName, queries }: MetaContextRequest): Buffer {
  return Buffer.concat([textField(exportName), u32(queries.length), ...queries.map(textField)]);
}

export function decodeMetaContextRequest(payload: Buffer): MetaContextRequest | undefined {
  const reader = new ByteReader(payload);
  const exportName = reader.text(STRING_BYTES_MAX);
  const count = reader.u32();
  if (exportName === undefined || count === undefined || count > reader.restBytes / 4) return undefined;
  const queries: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const query = reader.text(STRING_BYTES_MAX);
    if (query === undefined) return undefined;
    queries.push(query);
  }
  return reader.restBytes === 0 ? { exportName, queries } : undefined;
}

export function encodeMetaContext(contextId: number, name: string): Buffer {
  return Buffer.concat([u32(contextId), Buffer.from(name)]);
}

export function decodeMetaContext(payload: Buffer): { contextId: number; name: string } | undefined {
  const reader = new ByteReader(payload);
  const contextId = reader.u32();
  return contextId === undefined ? undefined : { contextId, name: reader.rest().toString() };
}

export interface ExportFacts {
  readonly sizeBytes: number;
  readonly transmissionFlags: number;
}

/** What EXPORT_NAME answers, without the zeroes. */
export function encodeExportFacts({ sizeBytes, transmissionFlags }: ExportFacts): Buffer {
  return Buffer.concat([u64(sizeBytes), u16(transmissionFlags)]);
}

export interface BlockSizes {
  readonly minimumBytes: number;
  readonly preferredBytes: number;
  readonly payloadBytesMax: number;
}

export function encodeExportInfo(facts: ExportFacts): Buffer {
  return Buffer.concat([u16(INFO.EXPORT), encodeExportFacts(facts)]);
}

export function encodeBlockSizeInfo(sizes: BlockSizes): Buffer {
  const { minimumBytes, preferredBytes, payloadBytesMax } = sizes;
  return Buffer.concat([u16(INFO.BLOCK_SIZE), u32(minimumBytes), u32(preferredBytes), u32(payloadBytesMax)]);
}

export function encodeNameInfo(exportName: string): Buffer {
  return Buffer.concat([u16(INFO.NAME), Buffer.from(exportName)]);
}

export type InfoReply =
  | ({ readonly kind: 'EXPORT' } & ExportFacts)
  | ({ readonly kind: 'BLOCK_SIZE' } & BlockSizes)
  | { readonly kind: 'OTHER' };

export function decodeInfoReply(payload: Buffer): InfoReply | undefined {
  const reader = new ByteReader(payload);
  const type = reader.u16();
  if (type === INFO.EXPORT) return decodeExportInfo(reader);
  if (type === INFO.BLOCK_SIZE) return decodeBlockSizeInfo(reader);
  return type === undefined ? undefined : { kind: 'OTHER' };
}

function decodeExportInfo(reader: ByteReader): InfoReply | undefined {
  const size = reader.u64();
  const transmissionFlags = reader.u16();
  if (size === undefined || transmissionFlags === undefined) return undefined;
  if (size > BigInt(Number.MAX_SAFE_INTEGER) || reader.restBytes > 0) return undefined;
  return { kind: 'EXPORT', sizeBytes: Number(size), transmissionFlags };
}

function decodeBlockSizeInfo(reader: ByteReader): InfoReply | undefined {
  const [minimumBytes, preferredBytes, payloadBytesMax] = [reader.u32(), reader.u32(), reader.u32()];
  if (minimumBytes === undefined || preferredBytes === undefined || payloadBytesMax === undefined) {
    return undefined;
  }
  if (minimumBytes === 0 || payloadBytesMax === 0 || reader.restBytes > 0) return undefined;
  return { kind: 'BLOCK_SIZE', minimumBytes, preferredBytes, payloadBytesMax };
}
