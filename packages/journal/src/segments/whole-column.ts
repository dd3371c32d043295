/**
 * A column of whole numbers below 2^53, as memory holds many of them: in 8 bytes each while they are written,
 * in 4 once they are known, where all of them are multiples of a power of two and small enough. Disks are
 * written in sectors and records are aligned, so that offsets on a disk of TiBs and positions in a segment of
 * GiBs fit.
 */
import { assert } from '@landfall/runtime';

const WORD = 2 ** 32;
/** Every number is a multiple of it where all of them are 0. */
const SHIFT_MAX = 31;

export class WholeColumn {
  readonly #values: Float64Array | Uint32Array;
  /** A power of two: every value times this is exact. */
  readonly #unit: number;

  private constructor(values: Float64Array | Uint32Array, unit: number) {
    this.#values = values;
    this.#unit = unit;
  }

  /** All 0, to be filled. */
  static allocate(count: number): WholeColumn {
    return new WholeColumn(new Float64Array(count), 1);
  }

  /** From 64-bit little-endian numbers as they are in a file. */
  static decode(bytes: Uint8Array, count: number): WholeColumn {
    const words = wordsOf(bytes, 2 * count);
    const { shift, fits } = commonShift(words);
    if (!fits) return WholeColumn.#decodeWide(words, count);
    const values = new Uint32Array(count);
    const carry = WORD / 2 ** shift;
    for (let row = 0; row < count; row += 1) {
      const low = words[2 * row] as number;
      const high = words[2 * row + 1] as number;
      values[row] = (low >>> shift) + high * carry;
    }
    return new WholeColumn(values, 2 ** shift);
  }

  static #decodeWide(words: Uint32Array, count: number): WholeColumn {
    const values = new Float64Array(count);
    for (let row = 0; row < count; row += 1) {
      values[row] = (words[2 * row] as number) + (words[2 * row + 1] as number) * WORD;
    }
    return new WholeColumn(values, 1);
  }

  get count(): number {
    return this.#values.length;
  }

  /** Of the values alone. */
  get sizeBytes(): number {
    return this.#values.byteLength;
  }

  at(row: number): number {
    return (this.#values[row] as number) * this.#unit;
  }

  set(row: number, value: number): void {
    assert(this.#unit === 1, 'a packed column is not changed any more');
    this.#values[row] = value;
  }

  /** As `decode` reads them. */
  encode(): Buffer {
    const { count } = this;
    const words = new Uint32Array(2 * count);
    for (let row = 0; row < count; row += 1) {
      const value = this.at(row);
      words[2 * row] = value % WORD;
      words[2 * row + 1] = value / WORD;
    }
    return Buffer.from(words.buffer);
  }
}

/** Words of a file where they lie, or a copy of them where they do not lie as words must in memory. */
export function wordsOf(bytes: Uint8Array, count: number): Uint32Array {
  const aligned = bytes.byteOffset % Uint32Array.BYTES_PER_ELEMENT === 0 ? bytes : Uint8Array.from(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, count);
}

/** By how many bits all the numbers can be shifted, and whether they fit 32 bits then. */
function commonShift(words: Uint32Array): { readonly shift: number; readonly fits: boolean } {
  let low = 0;
  let high = 0;
  for (let at = 0; at < words.length; at += 2) {
    low |= words[at] as number;
    high |= words[at + 1] as number;
  }
  const lowestBit = low & -low;
  const shift = low === 0 ? SHIFT_MAX : 31 - Math.clz32(lowestBit);
  return { shift, fits: high >>> 0 < 2 ** shift };
}

const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
assert(isLittleEndian, 'words are read as they are in the file: little-endian');
