/**
 * The blocks of one volume that may be left out: those found free, less those that were touched since the
 * search began. Both sets hold a bitmap for every 128 MiB in which they have anything, so that what is
 * touched costs little, and what is free at most 32 MiB per TiB, until the search is over.
 *
 * B1 only whole blocks count, and none outside the volume.
 */
import { type Extent, endOf } from '@landfall/block';
import { assert } from '@landfall/runtime';
import type { BlockEvent } from '../tracing/block-event.ts';
import type { BlockRange } from '../tracker/dirty-map.ts';
import type { DiskChanges } from '../tracker/disk-changes.ts';
import { BLOCK_BYTES } from '../tracker/read-ticket.ts';

const PIECE_WORDS = 1024;
const PIECE_BLOCKS = PIECE_WORDS * 32;
const ALL = 0xffff_ffff;

class BlockSet {
  readonly pieces = new Map<number, Uint32Array>();

  addRange({ firstBlock, blockCount }: BlockRange): void {
    const end = firstBlock + blockCount;
    for (let block = firstBlock; block < end; ) {
      const wordEnd = Math.min(end, (Math.floor(block / 32) + 1) * 32);
      const length = wordEnd - block;
      const ones = length === 32 ? ALL : 2 ** length - 1;
      const piece = this.#piece(Math.floor(block / PIECE_BLOCKS));
      const word = Math.floor((block % PIECE_BLOCKS) / 32);
      piece[word] = (piece[word] ?? 0) | (ones << (block % 32));
      block = wordEnd;
    }
  }

  #piece(index: number): Uint32Array {
    const known = this.pieces.get(index);
    if (known !== undefined) return known;
    const piece = new Uint32Array(PIECE_WORDS);
    this.pieces.set(index, piece);
    return piece;
  }
}

export class FreeBlocks {
  readonly diskIndex: number;
  readonly #volume: Extent;
  readonly #free = new BlockSet();
  readonly #touched = new BlockSet();
  #foundBytes = 0;

  constructor(diskIndex: number, volume: Extent) {
    this.diskIndex = diskIndex;
    this.#volume = volume;
  }

  /** Everything that was found, whole blocks or not. */
  get foundBytes(): number {
    return this.#foundBytes;
  }

  /** Bytes of the volume. */
  found(offsetBytes: number, lengthBytes: number): void {
    assert(offsetBytes >= 0 && lengthBytes >= 0, 'B1: what is free begins in the volume');
    assert(offsetBytes + lengthBytes <= this.#volume.lengthBytes, 'B1: what is free ends in the volume');
    this.#foundBytes += lengthBytes;
    const begin = this.#volume.offsetBytes + offsetBytes;
    const firstBlock = Math.ceil(begin / BLOCK_BYTES);
    const end = Math.floor((begin + lengthBytes) / BLOCK_BYTES);
    if (end > firstBlock) this.#free.addRange({ firstBlock, blockCount: end - firstBlock });
  }

  /** Discards do not matter (S5). */
  changed(disk: DiskChanges, event: BlockEvent): void {
    if (event.operation !== 'discard') this.touched(disk.diskIndex, disk.blocksOfEvent(event));
  }

  /** Blocks of a disk were changed; those of others do not matter. */
  touched(diskIndex: number, range: BlockRange): void {
    if (diskIndex !== this.diskIndex) return;
    const firstBlock = Math.max(range.firstBlock, Math.floor(this.#volume.offsetBytes / BLOCK_BYTES));
    const volumeEnd = Math.ceil(endOf(this.#volume) / BLOCK_BYTES);
    const end = Math.min(range.firstBlock + range.blockCount, volumeEnd);
    if (end > firstBlock) this.#touched.addRange({ firstBlock, blockCount: end - firstBlock });
  }

  /**
   * Runs of blocks that may be left out. `alignmentBlocks`, a power of two up to 32,768: only whole units of
   * that many, counted from the beginning of the disk.
   */
  *runs(alignmentBlocks: number): Generator<BlockRange> {
    const aligned = alignmentBlocks > 0 && PIECE_BLOCKS % alignmentBlocks === 0;
    assert(aligned, 'an alignment divides a piece');
    for (const [index, free] of this.#free.pieces) {
      const words = withoutTouched(free, this.#touched.pieces.get(index));
      for (const { firstBlock, blockCount } of runsOf(words)) {
        const first = Math.ceil(firstBlock / alignmentBlocks) * alignmentBlocks;
        const end = Math.floor((firstBlock + blockCount) / alignmentBlocks) * alignmentBlocks;
        if (end > first) yield { firstBlock: index * PIECE_BLOCKS + first, blockCount: end - first };
      }
    }
  }
}

function withoutTouched(free: Uint32Array, touched: Uint32Array | undefined): Uint32Array {
  return touched === undefined ? free : free.map((word, index) => word & ~(touched[index] ?? 0));
}

function* runsOf(words: Uint32Array): Generator<BlockRange> {
  let start = -1;
  for (let block = 0; block < PIECE_BLOCKS; ) {
    const word = words[Math.floor(block / 32)] ?? 0;
    const isUniform = block % 32 === 0 && (word === 0 || word === ALL);
    const isSet = (word & (1 << (block % 32))) !== 0;
    if (isSet && start < 0) start = block;
    if (!isSet && start >= 0) {
      yield { firstBlock: start, blockCount: block - start };
      start = -1;
    }
    block += isUniform ? 32 : 1;
  }
  if (start >= 0) yield { firstBlock: start, blockCount: PIECE_BLOCKS - start };
}
