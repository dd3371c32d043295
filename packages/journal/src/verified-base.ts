/**
 * Reads of a valid base, every 64 KiB block verified against the table before a byte of it is handed out
 * (J6).
 */
import { crc32 } from 'node:zlib';
import { BufferPool, type LentBuffer, type Sha256 } from '@landfall/runtime';
import { type BasePiece, blockRuns, handOut, type WantedBlock, wantedBlocks } from './base-blocks.ts';
import { type BaseImage, CHUNK_DAMAGED, CHUNK_HOLE } from './base-image.ts';
import {
  BLOCK_BYTES,
  CHUNK_BYTES,
  decodeTableEntry,
  TABLE_ENTRY_BYTES,
  type TableEntry,
  zeroesSha256,
} from './base-table.ts';
import type { ContentCache } from './content-cache.ts';
import { extentDamaged, isUnreadable, storageFailure } from './journal-errors.ts';

/** Blocks between two that are wanted which are read with them: that costs less than another read. */
const GAP_BLOCKS_MAX = 2;
/** Read at once: the next chunk is likely to be read next. */
const TABLE_ENTRIES = 64;
const FREE_BLOCKS_MAX = 64;
/** Takes what is read and not wanted, of all reads at once. */
const UNWANTED = Buffer.allocUnsafeSlow(BLOCK_BYTES);

export interface VerifiedBaseOptions {
  readonly base: BaseImage;
  readonly cache: ContentCache;
  readonly diskIndex: number;
  readonly epoch: number;
}

export class VerifiedBase {
  readonly #base: BaseImage;
  readonly #cache: ContentCache;
  readonly #diskIndex: number;
  readonly #epoch: number;
  readonly #blocks = new BufferPool({ unitBytes: BLOCK_BYTES, freeMax: FREE_BLOCKS_MAX });

  constructor(options: VerifiedBaseOptions) {
    this.#base = options.base;
    this.#cache = options.cache;
    this.#diskIndex = options.diskIndex;
    this.#epoch = options.epoch;
  }

  /**
   * Pieces of one chunk, in order; they are all that is wanted of `request`, a range of the disk. Errors:
   * EXTENT_DAMAGED.
   */
  async readPieces(pieces: readonly BasePiece[], request: ByteRange): Promise<void> {
    const [first] = pieces;
    if (first === undefined) return;
    const chunk = Math.floor(first.offsetBytes / CHUNK_BYTES);
    if (this.isZero(chunk)) {
      for (const { target } of pieces) target.fill(0);
      return;
    }
    const entry = await this.#entry(chunk);
    const blocks = wantedBlocks(pieces, this.#base.sizeBytes);
    const isCut = (block: WantedBlock) => block.parts.length > 0 && !contains(request, block);
    const runs = blockRuns(
      blocks.filter((block) => !isCut(block)),
      GAP_BLOCKS_MAX,
    );
    for (const run of runs) await this.#readRun(run, entry);
    for (const block of blocks.filter(isCut)) await this.#readCached(block, entry);
  }

  isZero(chunk: number): boolean {
    return this.#base.chunkState(chunk) === CHUNK_HOLE;
  }

  /**
   * Of a whole chunk. The first time its blocks are read and verified, so that damage is found here as well.
   */
  async chunkSha256(chunk: number, sha256: Sha256): Promise<Buffer> {
    const length = this.#base.chunkLength(chunk);
    if (this.isZero(chunk)) return zeroesSha256(length);
    const known = this.#base.knownHashes.get(chunk);
    if (known !== undefined) return known;
    const entry = await this.#entry(chunk);
    const content = Buffer.allocUnsafe(length);
    const blocks = wantedBlocks(
      [{ offsetBytes: chunk * CHUNK_BYTES, target: content }],
      this.#base.sizeBytes,
    );
    await this.#readRun(blocks, entry);
    const hash = entry.sha256 ?? (await sha256(content));
    this.#base.knownHashes.note(chunk, hash);
    return hash;
  }

  /** The neighbouring part of the block is likely to be read next. */
  async #readCached(block: WantedBlock, entry: TableEntry): Promise<void> {
    const key = `${this.#diskIndex}/base/${block.offsetBytes}`;
    const content = await this.#cache.get(key, async () => {
      const target = Buffer.allocUnsafe(block.lengthBytes);
      await this.#readRun([{ ...block, target, parts: [] }], entry);
      return target;
    });
    handOut(block, content);
  }

  async #readRun(run: readonly WantedBlock[], entry: TableEntry): Promise<void> {
    const [first] = run;
    if (first === undefined) return;
    const lent: LentBuffer[] = [];
    const contents = run.map(({ target, lengthBytes }) => {
      if (target !== undefined) return target;
      const block = this.#blocks.take(lengthBytes);
      lent.push(block);
      return block.bytes;
    });
    try {
      const { filled, cause } = await this.#tryRead(first.offsetBytes, buffersOf(run, contents));
      if (!filled && run.length > 1) return await this.#readOneByOne(run, entry);
      if (!filled)
        throw this.#damaged(first.offsetBytes, first.lengthBytes, 'the storage cannot read it', cause);
      for (const [index, block] of run.entries()) this.#handOut(block, contents[index], entry);
    } finally {
      for (const block of lent) block.release();
    }
  }

  /** The one that cannot be read is named, and those between them that nobody asked for do no harm. */
  async #readOneByOne(run: readonly WantedBlock[], entry: TableEntry): Promise<void> {
    for (const block of run) await this.#readRun([block], entry);
  }

  #handOut(block: WantedBlock, content: Buffer | undefined, entry: TableEntry): void {
    const { offsetBytes, lengthBytes } = block;
    const index = (offsetBytes % CHUNK_BYTES) / BLOCK_BYTES;
    const holds = content !== undefined && crc32(content) === entry.blockChecksums[index];
    if (!holds) throw this.#damaged(offsetBytes, lengthBytes, 'its checksum does not match');
    handOut(block, content);
  }

  /** Not filled: the file ends before, or the storage cannot read some of it. */
  async #tryRead(
    offsetBytes: number,
    parts: readonly Buffer[],
  ): Promise<{ readonly filled: boolean; readonly cause?: unknown }> {
    try {
      return { filled: await this.#base.readParts(offsetBytes, parts) };
    } catch (cause) {
      if (!isUnreadable(cause)) throw storageFailure(cause);
      return { filled: false, cause };
    }
  }

  async #entry(chunk: number): Promise<TableEntry> {
    const firstChunk = chunk - (chunk % TABLE_ENTRIES);
    const key = `${this.#diskIndex}/table/${firstChunk}`;
    const entries = await this.#cache.get(key, () => this.#base.readEntries(firstChunk, TABLE_ENTRIES));
    const from = (chunk - firstChunk) * TABLE_ENTRY_BYTES;
    const bytes = entries.subarray(from, from + TABLE_ENTRY_BYTES);
    const known = this.#base.chunkState(chunk) !== CHUNK_DAMAGED;
    const entry = known ? decodeTableEntry(bytes) : undefined;
    if (entry !== undefined) return entry;
    throw this.#damaged(
      chunk * CHUNK_BYTES,
      this.#base.chunkLength(chunk),
      'its entry in base.sha256 is damaged',
    );
  }

  #damaged(offsetBytes: number, lengthBytes: number, what: string, cause?: unknown) {
    const { path } = this.#base;
    const [diskIndex, epoch] = [this.#diskIndex, this.#epoch];
    return extentDamaged({
      diskIndex,
      offsetBytes,
      lengthBytes,
      epoch,
      path,
      positionBytes: offsetBytes,
      what,
      cause,
    });
  }
}

interface ByteRange {
  readonly fromBytes: number;
  readonly toBytes: number;
}

function contains({ fromBytes, toBytes }: ByteRange, { offsetBytes, lengthBytes }: WantedBlock): boolean {
  return offsetBytes >= fromBytes && offsetBytes + lengthBytes <= toBytes;
}

/** Where the bytes of a run go, those between its blocks included. */
function buffersOf(run: readonly WantedBlock[], contents: readonly Buffer[]): readonly Buffer[] {
  let end = run[0]?.offsetBytes ?? 0;
  return contents.flatMap((content, index) => {
    const gap: Buffer[] = [];
    for (const from = run[index]?.offsetBytes ?? end; end < from; end += BLOCK_BYTES) gap.push(UNWANTED);
    end += BLOCK_BYTES;
    return [...gap, content];
  });
}
