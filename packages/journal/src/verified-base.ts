/**
 * Reads of a valid base, every 64 KiB block verified against the table before a byte of it is handed out
 * (J6). What is cached of it belongs to one table: when the base advances, it gets another.
 */
import { crc32 } from 'node:zlib';
import type { Sha256 } from '@landfall/runtime';
import { type BaseImage, CHUNK_DAMAGED, CHUNK_HOLE, type ChunkPiece, chunkPieces } from './base-image.ts';
import { BLOCK_BYTES, CHUNK_BYTES, decodeTableEntry, type TableEntry, zeroesSha256 } from './base-table.ts';
import type { ContentCache } from './content-cache.ts';
import { extentDamaged, isUnreadable, storageFailure } from './journal-errors.ts';

export interface VerifiedBaseOptions {
  /** The one that is in force: another one when the oldest segments went into it. */
  readonly base: () => BaseImage;
  readonly cache: ContentCache;
  readonly diskIndex: number;
  readonly epoch: number;
}

/** An entry, and the base it is of. */
interface TablePlace {
  readonly base: BaseImage;
  readonly entry: TableEntry;
}

export class VerifiedBase {
  readonly #current: () => BaseImage;
  readonly #cache: ContentCache;
  readonly #diskIndex: number;
  readonly #epoch: number;

  constructor(options: VerifiedBaseOptions) {
    this.#current = options.base;
    this.#cache = options.cache;
    this.#diskIndex = options.diskIndex;
    this.#epoch = options.epoch;
  }

  /** Errors: EXTENT_DAMAGED. */
  async read(offsetBytes: number, target: Buffer): Promise<void> {
    for (const piece of chunkPieces(offsetBytes, target.length)) {
      const from = piece.offsetBytes - offsetBytes;
      const part = target.subarray(from, from + piece.lengthBytes);
      await this.#withCurrent((base) => this.#readPiece(base, piece, part));
    }
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
      const content = Buffer.allocUnsafe(lengthBytes);
      await this.read(chunk * CHUNK_BYTES, content);
      const hash = entry.sha256 ?? (await sha256(content));
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

  async #readPiece(base: BaseImage, piece: ChunkPiece, target: Buffer): Promise<void> {
    if (base.chunkState(piece.chunk) === CHUNK_HOLE) {
      target.fill(0);
      return;
    }
    const place = { base, entry: await this.#entry(base, piece.chunk) };
    const end = piece.offsetBytes + piece.lengthBytes;
    const alignedFrom = Math.ceil(piece.offsetBytes / BLOCK_BYTES) * BLOCK_BYTES;
    const alignedTo = end === base.sizeBytes ? end : Math.floor(end / BLOCK_BYTES) * BLOCK_BYTES;
    if (alignedFrom >= alignedTo) return this.#readCached(place, piece.offsetBytes, target);
    const head = alignedFrom - piece.offsetBytes;
    const tail = alignedTo - piece.offsetBytes;
    if (head > 0) await this.#readCached(place, piece.offsetBytes, target.subarray(0, head));
    await this.#readBlocks(place, alignedFrom, target.subarray(head, tail));
    if (tail < target.length) await this.#readCached(place, alignedTo, target.subarray(tail));
  }

  /** Parts of at most two blocks, by way of the cache: the neighbouring part is likely to be read next. */
  async #readCached(place: TablePlace, offsetBytes: number, target: Buffer): Promise<void> {
    for (let done = 0; done < target.length; ) {
      const blockOffset = Math.floor((offsetBytes + done) / BLOCK_BYTES) * BLOCK_BYTES;
      const block = await this.#cache.get(`${place.base.tablePath}/block/${blockOffset}`, () =>
        this.#loadBlock(place, blockOffset),
      );
      done += block.copy(target, done, offsetBytes + done - blockOffset);
    }
  }

  async #loadBlock(place: TablePlace, blockOffset: number): Promise<Buffer> {
    const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, place.base.sizeBytes - blockOffset));
    await this.#readBlocks(place, blockOffset, block);
    return block;
  }

  async #readBlocks({ base, entry }: TablePlace, offsetBytes: number, target: Buffer): Promise<void> {
    const read = await this.#readRaw(base, offsetBytes, target);
    for (let at = 0; at < target.length; at += BLOCK_BYTES) {
      const block = target.subarray(at, Math.min(at + BLOCK_BYTES, target.length));
      const index = ((offsetBytes + at) % CHUNK_BYTES) / BLOCK_BYTES;
      const holds = at + block.length <= read && crc32(block) === entry.blockChecksums[index];
      if (!holds) throw this.#damaged(offsetBytes + at, block.length, 'its checksum does not match');
    }
  }

  async #readRaw(base: BaseImage, offsetBytes: number, target: Buffer): Promise<number> {
    try {
      return await base.readRaw(offsetBytes, target);
    } catch (cause) {
      if (!isUnreadable(cause)) throw storageFailure(cause);
      throw this.#damaged(offsetBytes, target.length, 'the storage cannot read it', cause);
    }
  }

  async #entry(base: BaseImage, chunk: number): Promise<TableEntry> {
    const key = `${base.tablePath}/entry/${chunk}`;
    const bytes = await this.#cache.get(key, () => base.readEntry(chunk));
    const known = base.chunkState(chunk) !== CHUNK_DAMAGED;
    const entry = known ? decodeTableEntry(bytes) : undefined;
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
