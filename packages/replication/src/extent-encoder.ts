/**
 * From captured bytes to the message that carries them. A sample decides whether an extent is worth compressing; large
 * extents are compressed off the main thread. zstd level 1: the fastest the field uses on the fly.
 */
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdCompressSync } from 'node:zlib';
import { CODEC_RAW, CODEC_ZSTD, payloadChecksum } from '@landfall/block';
import type { CapturedExtent } from '@landfall/capture';
import type { ExtentMessage } from '@landfall/wire';
import type { Compression } from './compression-choice.ts';

/** Compressed bytes must be at most this share of the original to be worth it. */
export const WORTHWHILE_RATIO = 0.9;
export const SAMPLE_BYTES = 8 * 1024;
/** Up to this a thread costs more than it takes off. */
export const SYNCHRONOUS_BYTES_MAX = 32 * 1024;

const OPTIONS = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const compressInThread = promisify(zstdCompress);

export type ContentExtent = CapturedExtent & { readonly content: Buffer };

export interface EncodedExtent {
  readonly message: ExtentMessage;
  /** Whether its sample shrank enough, whatever was done then. */
  readonly shrinkable: boolean;
}

export async function encodeExtent(extent: ContentExtent, way: Compression): Promise<EncodedExtent> {
  const { content } = extent;
  const shrinkable = shrinks(content);
  if (way === 'RAW' || !shrinkable) return { message: messageOf(extent, content), shrinkable };
  const compressed = await compress(content);
  const worthwhile = compressed.length <= content.length * WORTHWHILE_RATIO;
  return { message: messageOf(extent, worthwhile ? compressed : content), shrinkable };
}

function messageOf(extent: ContentExtent, payload: Buffer): ExtentMessage {
  const { diskIndex, offsetBytes, content } = extent;
  const codec = payload === content ? CODEC_RAW : CODEC_ZSTD;
  const checksum = payloadChecksum(payload);
  return {
    type: 'EXTENT',
    header: { diskIndex, offsetBytes, lengthBytes: content.length, codec, checksum },
    payload,
  };
}

function shrinks(content: Buffer): boolean {
  if (content.length <= SAMPLE_BYTES) return true;
  const begin = (content.length - SAMPLE_BYTES) >>> 1;
  const sample = content.subarray(begin, begin + SAMPLE_BYTES);
  return zstdCompressSync(sample, OPTIONS).length <= SAMPLE_BYTES * WORTHWHILE_RATIO;
}

function compress(content: Buffer): Promise<Buffer> | Buffer {
  if (content.length <= SYNCHRONOUS_BYTES_MAX) return zstdCompressSync(content, OPTIONS);
  return compressInThread(content, OPTIONS);
}
