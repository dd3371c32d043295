/** Tests only: a journal that says something else than it was given, and whose every checksum holds. */
import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

const HEADER_BYTES = 56;
const IDENTITY_AT = 60;

/** The byte where `content` begins in the last uncompressed extent that has it becomes another. */
export async function forgeSegment(path: string, content: Buffer): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const bytes = await file.readFile();
    const at = bytes.lastIndexOf(content);
    assert.ok(at > 0, 'the content is in the segment, as it is');
    const header = headerBefore(bytes, at);
    const payloadBytes = bytes.readUInt32LE(header + 24);
    const payload = bytes.subarray(header + HEADER_BYTES, header + HEADER_BYTES + payloadBytes);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    bytes.writeUInt32LE(crc32(payload), header + 28);
    const record = bytes.subarray(header, header + HEADER_BYTES);
    record.writeUInt32LE(crc32(record.subarray(0, 52), bytes.readUInt32LE(IDENTITY_AT)), 52);
    await file.write(bytes, header, HEADER_BYTES + payloadBytes, header);
  } finally {
    await file.close();
  }
}

/** Of the extent record whose payload includes a position: a header says where it stands. */
function headerBefore(bytes: Buffer, position: number): number {
  for (let at = bytes.lastIndexOf('LFxt', position); at >= 0; at = bytes.lastIndexOf('LFxt', at - 1)) {
    const isHeader = bytes.readBigUInt64LE(at + 32) === BigInt(at);
    if (isHeader) return at;
  }
  return assert.fail('no record has that position');
}
