/** CRC-16 (ANSI, reflected) as ext4's older group descriptor checksums use it. */
const POLYNOMIAL_REFLECTED = 0xa001;

export const CRC16_START = 0xffff;

export function crc16(start: number, bytes: Uint8Array): number {
  let checksum = start;
  for (const byte of bytes) {
    checksum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      checksum = (checksum & 1) === 0 ? checksum >>> 1 : (checksum >>> 1) ^ POLYNOMIAL_REFLECTED;
    }
  }
  return checksum;
}
