/**
 * The CRC-32 of two pieces put together, from the CRC-32 of each: bytes are summed once, for the small pieces
 * that are verified one by one and for the whole that travelled. Mathematics: the CRC of `first` followed by
 * n bytes of zero is crc(first) × x^(8n) modulo the polynomial over GF(2), and the CRC of the second piece is
 * added to that. Same method as zlib's crc32_combine.
 */
import { assert } from '@landfall/runtime';

/** CRC-32 of IEEE 802.3, bits reversed. */
const POLYNOMIAL = 0xedb8_8320;
const ONE = 0x8000_0000;

/** x^(2^n) for n = 0 … 31. */
const SQUARES = squares();

/** CRC-32 of the first piece followed by the second, which is `secondBytes` long. */
export function appendCrc32(first: number, second: number, secondBytes: number): number {
  assert(Number.isSafeInteger(secondBytes) && secondBytes >= 0, 'a length is a whole number of bytes');
  return (multiply(powerOfX(secondBytes), first) ^ second) >>> 0;
}

/** x^(8n). */
function powerOfX(bytes: number): number {
  let power = ONE;
  let square = 3;
  for (let left = bytes; left > 0; left = Math.floor(left / 2), square += 1) {
    if (left % 2 === 1) power = multiply(SQUARES[square & 31] ?? 0, power);
  }
  return power;
}

/** Product of two polynomials modulo POLYNOMIAL; the highest bit is the coefficient of x^0. */
function multiply(left: number, right: number): number {
  let product = 0;
  let shifted = right;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if ((left & bit) !== 0) product ^= shifted;
    shifted = (shifted & 1) === 0 ? shifted >>> 1 : (shifted >>> 1) ^ POLYNOMIAL;
  }
  return product >>> 0;
}

function squares(): readonly number[] {
  const table = [ONE >>> 1];
  for (let index = 1; index < 32; index += 1) {
    const last = table[index - 1] ?? 0;
    table.push(multiply(last, last));
  }
  return table;
}
