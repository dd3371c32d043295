/**
 * Which 4 KiB blocks of one disk may differ from the replica: a bit each (32 MiB per TiB), and above it a bit
 * for every word that has any, so that looking for the next dirty block of a clean disk stays cheap.
 *
 * D1 `count` is the number of set bits. D2 a summary bit is set exactly when its word is not zero.
 */
import { assert } from '@landfall/runtime';

export interface BlockRange {
  readonly firstBlock: number;
  readonly blockCount: number;
}

/** A copy of a map that costs what is set in it, not what it could hold: 33 MiB per TiB at the very most. */
export interface DirtyMapCopy {
  /** A bit for every word that has any. */
  readonly summary: Uint32Array;
  /** The words that have any, in order. */
  readonly words: Uint32Array;
}

export class DirtyMap {
  readonly blockCount: number;
  #count = 0;
  readonly #words: Uint32Array;
  readonly #summary: Uint32Array;

  constructor(blockCount: number) {
    assert(Number.isSafeInteger(blockCount) && blockCount >= 0, 'a map has a whole number of blocks');
    this.blockCount = blockCount;
    this.#words = new Uint32Array(Math.ceil(blockCount / 32));
    this.#summary = new Uint32Array(Math.ceil(this.#words.length / 32));
  }

  get count(): number {
    return this.#count;
  }

  has(block: number): boolean {
    return ((this.#words[wordOf(block)] ?? 0) & (1 << (block & 31))) !== 0;
  }

  set(block: number): void {
    this.setRange(block, 1);
  }

  clear(block: number): void {
    this.clearRange(block, 1);
  }

  setRange(firstBlock: number, blockCount: number): void {
    this.#forEachWord(firstBlock, blockCount, (index, mask) =>
      this.#store(index, (this.#words[index] ?? 0) | mask),
    );
  }

  clearRange(firstBlock: number, blockCount: number): void {
    this.#forEachWord(firstBlock, blockCount, (index, mask) =>
      this.#store(index, (this.#words[index] ?? 0) & ~mask),
    );
  }

  /** The first dirty block at or after `fromBlock`. */
  firstDirty(fromBlock = 0): number | undefined {
    if (fromBlock >= this.blockCount) return undefined;
    const index = wordOf(fromBlock);
    const rest = (this.#words[index] ?? 0) & (0xffff_ffff << (fromBlock & 31));
    if (rest !== 0) return index * 32 + lowestBit(rest);
    const next = this.#firstWord(index + 1);
    return next === undefined ? undefined : next * 32 + lowestBit(this.#words[next] ?? 0);
  }

  /** The first run of dirty blocks at or after `fromBlock`, at most `blocksMax` long. */
  firstRun(fromBlock: number, blocksMax: number): BlockRange | undefined {
    const firstBlock = this.firstDirty(fromBlock);
    if (firstBlock === undefined) return undefined;
    const limit = Math.min(this.blockCount, firstBlock + blocksMax);
    let end = firstBlock + 1;
    while (end < limit && this.has(end)) end += 1;
    return { firstBlock, blockCount: end - firstBlock };
  }

  copy(): DirtyMapCopy {
    const length = this.#summary.length;
    if (this.#count === 0) return { summary: new Uint32Array(length), words: new Uint32Array(0) };
    let wordCount = 0;
    for (let index = 0; index < length; index += 1) wordCount += bitCount(this.#summary[index] ?? 0);
    const words = new Uint32Array(wordCount);
    let count = 0;
    for (let index = 0; index < length; index += 1) {
      for (let rest = this.#summary[index] ?? 0; rest !== 0; rest &= rest - 1) {
        words[count] = this.#words[index * 32 + lowestBit(rest)] ?? 0;
        count += 1;
      }
    }
    return { summary: this.#summary.slice(), words };
  }

  #firstWord(fromWord: number): number | undefined {
    let index = fromWord >>> 5;
    let summary = (this.#summary[index] ?? 0) & (0xffff_ffff << (fromWord & 31));
    while (summary === 0) {
      index += 1;
      if (index >= this.#summary.length) return undefined;
      summary = this.#summary[index] ?? 0;
    }
    return index * 32 + lowestBit(summary);
  }

  #forEachWord(firstBlock: number, blockCount: number, change: (index: number, mask: number) => void): void {
    const end = firstBlock + blockCount;
    assert(firstBlock >= 0 && blockCount >= 0 && end <= this.blockCount, 'a range lies on the disk');
    for (let block = firstBlock; block < end; ) {
      const wordEnd = Math.min(end, (wordOf(block) + 1) * 32);
      const length = wordEnd - block;
      const ones = length === 32 ? 0xffff_ffff : (1 << length) - 1;
      change(wordOf(block), ones << (block & 31));
      block = wordEnd;
    }
  }

  #store(index: number, word: number): void {
    this.#count += bitCount(word) - bitCount(this.#words[index] ?? 0);
    this.#words[index] = word;
    const bit = 1 << (index & 31);
    const summary = this.#summary[index >>> 5] ?? 0;
    this.#summary[index >>> 5] = word === 0 ? summary & ~bit : summary | bit;
  }
}

/**
 * The runs of dirty blocks of a copy, in order. A copy that contradicts itself gives no more than its words.
 */
export function* runsOf({ summary, words }: DirtyMapCopy): Generator<BlockRange> {
  let count = 0;
  let run: BlockRange | undefined;
  for (const [index, summaryWord] of summary.entries()) {
    for (let rest = summaryWord; rest !== 0; rest &= rest - 1) {
      const firstBlock = (index * 32 + lowestBit(rest)) * 32;
      for (const piece of runsOfWord(firstBlock, words[count] ?? 0)) {
        if (run !== undefined && run.firstBlock + run.blockCount === piece.firstBlock) {
          run = { firstBlock: run.firstBlock, blockCount: run.blockCount + piece.blockCount };
          continue;
        }
        if (run !== undefined) yield run;
        run = piece;
      }
      count += 1;
    }
  }
  if (run !== undefined) yield run;
}

function runsOfWord(firstBlock: number, word: number): BlockRange[] {
  if (word >>> 0 === 0xffff_ffff) return [{ firstBlock, blockCount: 32 }];
  const runs: BlockRange[] = [];
  for (let bit = 0; bit < 32; ) {
    const rest = word >>> bit;
    if (rest === 0) break;
    bit += lowestBit(rest);
    const blockCount = lowestBit(~(word >>> bit));
    runs.push({ firstBlock: firstBlock + bit, blockCount });
    bit += blockCount;
  }
  return runs;
}

/** Not a shift: blocks beyond 16 TiB do not fit 32 bits. */
function wordOf(block: number): number {
  return Math.floor(block / 32);
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

function bitCount(word: number): number {
  let pairs = word - ((word >>> 1) & 0x5555_5555);
  pairs = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333);
  return Math.imul((pairs + (pairs >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
