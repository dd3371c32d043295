/**
 * CRC-32C (Castagnoli) as ext4 uses it: the caller gives the start value, and nothing is inverted at the
 * end.
 */
const POLYNOMIAL_REFLECTED = 0x82f6_3b78;
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    remainder = (remainder & 1) === 0 ? remainder >>> 1 : (remainder >>> 1) ^ POLYNOMIAL_REFLECTED;
  }
  return remainder;
});

export const CRC32C_START = 0xffff_ffff;

export function crc32c(start: number, bytes: Uint8Array): number {
  let checksum = start;
  for (let index = 0; index < bytes.length; index += 1) {
    checksum = (TABLE[(checksum ^ (bytes[index] ?? 0)) & 0xff] ?? 0) ^ (checksum >>> 8);
  }
  return checksum >>> 0;
}
