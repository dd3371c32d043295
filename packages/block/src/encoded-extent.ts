/**
 * An extent's bytes as they travel and as they are kept: raw or zstd, with the agent's CRC-32 of the
 * payload. The agent encodes once; wire and journal carry the payload as it is; every reader verifies
 * before it decodes.
 */
import { crc32, zstdDecompressSync } from 'node:zlib';
import { OperationError } from '@landfall/runtime';

export const CODEC_RAW = 0;
export const CODEC_ZSTD = 1;
export type Codec = typeof CODEC_RAW | typeof CODEC_ZSTD;

export interface ExtentHeader {
  readonly diskIndex: number;
  readonly offsetBytes: number;
  /** Length on the disk, uncompressed. */
  readonly lengthBytes: number;
  readonly codec: Codec;
  /** CRC-32 (zlib) of the payload as transferred. */
  readonly checksum: number;
}

export function payloadChecksum(payload: Buffer): number {
  return crc32(payload);
}

/** The extent's `lengthBytes` bytes. Errors: EXTENT_DAMAGED when checksum or length do not hold. */
export function decodeExtent(header: ExtentHeader, payload: Buffer): Buffer {
  if (crc32(payload) !== header.checksum) throw damaged(header, 'its checksum does not match');
  if (header.codec === CODEC_RAW) {
    if (payload.length !== header.lengthBytes) throw damaged(header, 'its length does not match');
    return payload;
  }
  const content = decompress(header, payload);
  if (content.length !== header.lengthBytes) throw damaged(header, 'its length does not match');
  return content;
}

function decompress(header: ExtentHeader, payload: Buffer): Buffer {
  try {
    return zstdDecompressSync(payload, { maxOutputLength: header.lengthBytes });
  } catch (cause) {
    throw damaged(header, 'it cannot be decompressed', cause);
  }
}

function damaged(header: ExtentHeader, why: string, cause?: unknown): OperationError {
  const where = `disk ${header.diskIndex}, offset ${header.offsetBytes}, length ${header.lengthBytes}`;
  return new OperationError('EXTENT_DAMAGED', `the extent at ${where} is damaged: ${why}`, {
    hint: 'the bytes changed after the agent sent them: check the staging storage and memory of the replication server',
    context: {
      diskIndex: header.diskIndex,
      offsetBytes: header.offsetBytes,
      lengthBytes: header.lengthBytes,
    },
    cause,
  });
}
