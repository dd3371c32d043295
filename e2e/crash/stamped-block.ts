/**
 * A block of the stamped writer: its checksum, then disk, block and the number of the write that made it,
 * then bytes that follow from those. A block never written is all zeroes, which is the stamp of write 0.
 * Little-endian: [u32 CRC-32 of the rest][u32 disk][u32 block][u32 write][content].
 */
import { crc32 } from 'node:zlib';

export const STAMP_BYTES = 4096;
const HEADER_BYTES = 16;
const NEVER_WRITTEN = Buffer.alloc(STAMP_BYTES);

export interface Stamp {
  readonly disk: number;
  readonly block: number;
  readonly write: number;
}

export function writeStamp(target: Buffer, { disk, block, write }: Stamp): void {
  target.writeUInt32LE(disk, 4);
  target.writeUInt32LE(block, 8);
  target.writeUInt32LE(write, 12);
  let state = (write * 0x9e3779b1 + block) >>> 0;
  for (let at = HEADER_BYTES; at < STAMP_BYTES; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    target.writeUInt32LE(state, at);
  }
  target.writeUInt32LE(crc32(target.subarray(4, STAMP_BYTES)), 0);
}

/** The write that made the block, or `undefined` when it is not whole or belongs elsewhere. */
export function readStamp(source: Buffer, place: Omit<Stamp, 'write'>): number | undefined {
  if (source.equals(NEVER_WRITTEN)) return 0;
  const whole = source.readUInt32LE(0) === crc32(source.subarray(4, STAMP_BYTES));
  const here = source.readUInt32LE(4) === place.disk && source.readUInt32LE(8) === place.block;
  return whole && here ? source.readUInt32LE(12) : undefined;
}
