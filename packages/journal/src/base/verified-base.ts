/**
 * Reads of a valid base, every 64 KiB block verified against the table before a byte of it is handed out
 * (J6). What is cached of it belongs to one table: when the base advances, it gets another.
 */
import { crc32 } from 'node:zlib';
import { BufferPool, type LentBuffer, type Sha256 } from '@landfall/runtime';
import { extentDamaged, isUnreadable, storageFailure } from '../journal-errors.ts';
import { joinAdjacent } from '../storage/buffer-parts.ts';
import type { ContentCache } from '../storage/content-cache.ts';
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

/** Blocks between two that are wanted which are read with them: that costs less than another read. */
const GAP_BLOCKS_MAX = 2;
/** Read at once: the next chunk is likely to be read next. */
const TABLE_ENTRIES = 64;
const FREE_BLOCKS_MAX = 64;
/** Takes what is read and not wanted, of all reads at once. */
const UNWANTED = Buffer.allocUnsafeSlow(BLOCK_BYTES);

export interface VerifiedBaseOptions {
  /** The one that is in force: another one when the oldest segments went into it. */
  readonly base: () => BaseImage;
  readonly cache: ContentCache;
  readonly diskIndex: number;
  readonly epoch: number;
}

/** Entries by their chunk, and the base they are of. */
interface TablePlace {
  readonly base: BaseImage;
  readonly entries: ReadonlyMap<number, TableEntry>;
}

export class VerifiedBase {
  readonly #current: () => BaseImage;
  readonly #cache: ContentCache;
  readonly #diskIndex: number;
  readonly #epoch: number;
  readonly #blocks = new BufferPool({ unitBytes: BLOCK_BYTES, freeMax: FREE_BLOCKS_MAX });

  constructor(options: VerifiedBaseOptions) {
    this.#current = options.base;
    this.#cache = options.cache;
    this.#diskIndex = options.diskIndex;
    this.#epoch = options.epoch;
  }

  /**
   * Pieces in order, none across the border of a chunk; they are all that is wanted of these chunks and of
   * `request`, a range of the disk. Behind the end of the base the disk was zero until something was written
   * there. Errors: EXTENT_DAMAGED.
   */
  readPieces(pieces: readonly BasePiece[], request: ByteRange): Promise<void> {
    return this.#withCurrent((base) => this.#readPieces(base, pieces, request));
  }

  isZero(chunk: number): boolean {
    return this.#current().chunkState(chunk) === CHUNK_HOLE;
  }

  /**
   * Of a whole chunk, if it is so long. The first time its blocks are read and verified, so that damage is
   * found here as well.
   */
  chunkSha256(
    chunk: number,
    { lengthBytes, sha256 }: { readonly lengthBytes: number; readonly sha256: Sha256 },
  ): Promise<Buffer | undefined> {
    return this.#withCurrent(async (base) => {
      if (base.chunkLength(chunk) !== lengthBytes) return undefined;
      if (base.chunkState(chunk) === CHUNK_HOLE) return zeroesSha256(lengthBytes);
      const known = base.knownHashes.get(chunk);
      if (known !== undefined) return known;
      const entry = await this.#entry(base, chunk);
      const target = Buffer.allocUnsafe(lengthBytes);
      await this.#readRun(
        { base, entries: new Map([[chunk, entry]]) },
        wantedBlocks([{ offsetBytes: chunk * CHUNK_BYTES, target }], base.sizeBytes),
      );
      const hash = entry.sha256 ?? (await sha256(target));
      base.knownHashes.note(chunk, hash);
      return hash;
    });
  }

  /** When the base changes under a read, what was read does not match any more: it is read again. */
  async #withCurrent<Result>(action: (base: BaseImage) => Promise<Result>): Promise<Result> {
    for (;;) {
      const base = this.#current();
      try {
        return await action(base);
      } catch (error) {
        if (this.#current() === base) throw error;
      }
    }
  }

  async #readPieces(base: BaseImage, wanted: readonly BasePiece[], request: ByteRange): Promise<void> {
    const pieces = withoutHoles(withinBase(wanted, base.sizeBytes), base);
    const place = { base, entries: await this.#entries(base, pieces) };
    const blocks = wantedBlocks(pieces, base.sizeBytes);
    const isCut = (block: WantedBlock) => block.parts.length > 0 && !contains(request, block);
    const whole = blocks.filter((block) => !isCut(block));
    for (const run of blockRuns(whole, GAP_BLOCKS_MAX)) await this.#readRun(place, run);
    for (const block of blocks.filter(isCut)) await this.#readCached(place, block);
  }

  /** The neighbouring part of the block is likely to be read next. */
  async #readCached(place: TablePlace, block: WantedBlock): Promise<void> {
    const key = `${place.base.tablePath}/block/${block.offsetBytes}`;
    const content = await this.#cache.get(key, async () => {
      const target = Buffer.allocUnsafe(block.lengthBytes);
      await this.#readRun(place, [{ ...block, target, parts: [] }]);
      return target;
    });
    handOut(block, content);
  }

  async #readRun(place: TablePlace, run: readonly WantedBlock[]): Promise<void> {
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
      const { filled, cause } = await tryRead(place.base, first.offsetBytes, buffersOf(run, contents));
      if (!filled && run.length > 1) return await this.#readOneByOne(place, run);
      if (!filled)
        throw this.#damaged(first.offsetBytes, first.lengthBytes, 'the storage cannot read it', cause);
      for (const [index, block] of run.entries()) this.#handOut(block, contents[index], place.entries);
    } finally {
      for (const block of lent) block.release();
    }
  }

  /** The one that cannot be read is named, and those between them that nobody asked for do no harm. */
  async #readOneByOne(place: TablePlace, run: readonly WantedBlock[]): Promise<void> {
    for (const block of run) await this.#readRun(place, [block]);
  }

  #handOut(block: WantedBlock, content: Buffer | undefined, entries: TablePlace['entries']): void {
    const { offsetBytes, lengthBytes } = block;
    const checksums = entries.get(chunkOf(block))?.blockChecksums ?? [];
    const index = (offsetBytes % CHUNK_BYTES) / BLOCK_BYTES;
    const holds = content !== undefined && crc32(content) === checksums[index];
    if (!holds) throw this.#damaged(offsetBytes, lengthBytes, 'its checksum does not match');
    handOut(block, content);
  }

  async #entries(base: BaseImage, pieces: readonly BasePiece[]): Promise<ReadonlyMap<number, TableEntry>> {
    const entries = new Map<number, TableEntry>();
    for (const chunk of new Set(pieces.map(chunkOf))) entries.set(chunk, await this.#entry(base, chunk));
    return entries;
  }

  async #entry(base: BaseImage, chunk: number): Promise<TableEntry> {
    const firstChunk = chunk - (chunk % TABLE_ENTRIES);
    const key = `${base.tablePath}/entries/${firstChunk}`;
    const entries = await this.#cache.get(key, () => base.readEntries(firstChunk, TABLE_ENTRIES));
    const from = (chunk - firstChunk) * TABLE_ENTRY_BYTES;
    const known = base.chunkState(chunk) !== CHUNK_DAMAGED;
    const entry = known ? decodeTableEntry(entries.subarray(from, from + TABLE_ENTRY_BYTES)) : undefined;
    if (entry !== undefined) return entry;
    throw this.#damaged(chunk * CHUNK_BYTES, base.chunkLength(chunk), 'its entry in base.sha256 is damaged');
  }

  #damaged(offsetBytes: number, lengthBytes: number, what: string, cause?: unknown) {
    const { path } = this.#current();
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
  const parts = contents.flatMap((content, index) => {
    const gap: Buffer[] = [];
    for (const from = run[index]?.offsetBytes ?? end; end < from; end += BLOCK_BYTES) gap.push(UNWANTED);
    end += BLOCK_BYTES;
    return [...gap, content];
  });
  return joinAdjacent(parts);
}

function chunkOf({ offsetBytes }: { readonly offsetBytes: number }): number {
  return Math.floor(offsetBytes / CHUNK_BYTES);
}

/** The pieces for which the file has to be read: what was never written is zeroes. */
function withoutHoles(pieces: readonly BasePiece[], base: BaseImage): BasePiece[] {
  return pieces.filter((piece) => {
    const isHole = base.chunkState(chunkOf(piece)) === CHUNK_HOLE;
    if (isHole) piece.target.fill(0);
    return !isHole;
  });
}

/** What of the pieces the base has; the rest of them is zeroes. */
function withinBase(pieces: readonly BasePiece[], sizeBytes: number): BasePiece[] {
  return pieces.flatMap(({ offsetBytes, target }) => {
    const length = Math.min(target.length, Math.max(0, sizeBytes - offsetBytes));
    target.fill(0, length);
    return length === 0 ? [] : [{ offsetBytes, target: target.subarray(0, length) }];
  });
}

/** Not filled: the file ends before, or the storage cannot read some of it. */
async function tryRead(
  base: BaseImage,
  offsetBytes: number,
  parts: readonly Buffer[],
): Promise<{ readonly filled: boolean; readonly cause?: unknown }> {
  try {
    return { filled: await base.readParts(offsetBytes, parts) };
  } catch (cause) {
    if (!isUnreadable(cause)) throw storageFailure(cause);
    return { filled: false, cause };
  }
}
