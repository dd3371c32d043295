/**
 * What an encrypted file begins with (FORMAT.md, "Encryption"): which data key it is encrypted with, and a
 * number of its own. The key of the file is derived from both, so no two files ever have the same one, also
 * when a file is created again under the name of one that was removed. The header is there twice: without it
 * the whole file would be lost.
 */
import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { assert } from '@landfall/runtime';
import { XTS_KEY_BYTES } from './xts-blocks.ts';

/** A page, so that blocks of the content begin where blocks of the file system do. */
export const ENCRYPTED_HEADER_BYTES = 4096;
const KEY_ID_BYTES = 16;
export const FILE_ID_BYTES = 16;
const COPY_BYTES = ENCRYPTED_HEADER_BYTES / 2;
const CHECKSUM_AT = COPY_BYTES - 4;
const MAGIC = Buffer.from('LFJENC01', 'latin1');
const FILE_KEY_PURPOSE = 'landfall journal file';

export interface EncryptedHeader {
  /** A UUID. */
  readonly keyId: string;
  readonly fileId: Buffer;
}

export interface FoundHeader {
  readonly header: EncryptedHeader | undefined;
  /** Where bytes of the header are not what was written; absent when all are. */
  readonly damagedAt?: number;
}

export function encodeEncryptedHeader(header: EncryptedHeader): Buffer {
  const keyId = Buffer.from(header.keyId.replaceAll('-', ''), 'hex');
  assert(keyId.length === KEY_ID_BYTES, 'the id of a data key is a UUID');
  assert(header.fileId.length === FILE_ID_BYTES, 'the id of a file is 128 bits');
  const copy = Buffer.alloc(COPY_BYTES);
  MAGIC.copy(copy, 0);
  keyId.copy(copy, 8);
  header.fileId.copy(copy, 24);
  copy.writeUInt32LE(crc32(copy.subarray(0, CHECKSUM_AT)), CHECKSUM_AT);
  return Buffer.concat([copy, copy]);
}

/** From the bytes a file begins with; there may be fewer than a header has. */
export function decodeEncryptedHeader(bytes: Buffer): FoundHeader {
  const first = decodeCopy(bytes.subarray(0, COPY_BYTES));
  const second = decodeCopy(bytes.subarray(COPY_BYTES, ENCRYPTED_HEADER_BYTES));
  if (first === undefined) return { header: second, damagedAt: 0 };
  return { header: first, ...(second === undefined ? { damagedAt: COPY_BYTES } : {}) };
}

function decodeCopy(copy: Buffer): EncryptedHeader | undefined {
  if (copy.length < COPY_BYTES || !copy.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (copy.readUInt32LE(CHECKSUM_AT) !== crc32(copy.subarray(0, CHECKSUM_AT))) return undefined;
  return { keyId: uuidFrom(copy.subarray(8, 24)), fileId: Buffer.from(copy.subarray(24, 40)) };
}

/** The key of one file: HKDF-SHA-256 (RFC 5869) of the data key, salted with the file's id. */
export function fileKeyOf(dataKey: Buffer, { fileId }: EncryptedHeader): KeyObject {
  const bytes = hkdfSync('sha256', dataKey, fileId, FILE_KEY_PURPOSE, XTS_KEY_BYTES);
  return createSecretKey(Buffer.from(bytes));
}

function uuidFrom(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
