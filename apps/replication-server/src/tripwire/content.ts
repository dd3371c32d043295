/**
 * What bytes look like, from their histogram alone. Encryption leaves bytes that no test can tell from
 * uniform noise; compression usually does not: over 16 KiB the chi-square test tells deflate, bzip2 and zstd
 * from noise in most pieces, LZMA in none.
 */

/**
 * UNIFORM: cannot be told from noise. DENSE: hardly compressible, but not noise. STRUCTURED: everything else.
 */
export type Content = 'ZERO' | 'STRUCTURED' | 'DENSE' | 'UNIFORM';

export const PIECE_BYTES_MIN = 4096;
export const PIECE_BYTES_MAX = 16 * 1024;

const VALUES = 256;
/** 255 degrees of freedom: mean 255, deviation 22.6. Noise is outside once in 10,000 pieces. */
const CHI_SQUARE_MIN = 175;
const CHI_SQUARE_MAX = 348;
/** Bits a byte. Of 4 KiB: noise has 7.95, machine code 6, text 4.5. */
const STRUCTURED_ENTROPY_MAX = 7.2;

/** `bytes`: at least PIECE_BYTES_MIN. */
export function contentOf(bytes: Buffer): Content {
  const counts = histogramOf(bytes);
  if (counts[0] === bytes.length) return 'ZERO';
  const chiSquare = chiSquareOf(counts, bytes.length);
  if (chiSquare >= CHI_SQUARE_MIN && chiSquare <= CHI_SQUARE_MAX) return 'UNIFORM';
  const isTooEven = chiSquare < CHI_SQUARE_MIN;
  return isTooEven || entropyOf(counts, bytes.length) <= STRUCTURED_ENTROPY_MAX ? 'STRUCTURED' : 'DENSE';
}

function histogramOf(bytes: Buffer): Uint32Array {
  const counts = new Uint32Array(VALUES);
  for (let index = 0; index < bytes.length; index += 1) {
    const value = bytes[index] ?? 0;
    counts[value] = (counts[value] ?? 0) + 1;
  }
  return counts;
}

/** Pearson's, against every value being as likely. */
function chiSquareOf(counts: Uint32Array, total: number): number {
  const expected = total / VALUES;
  let sum = 0;
  for (const count of counts) sum += (count - expected) ** 2;
  return sum / expected;
}

/** Shannon's, in bits a byte. */
function entropyOf(counts: Uint32Array, total: number): number {
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / total) * Math.log2(count / total);
  return bits;
}
