/**
 * Reads of a valid base, every 64 KiB block verified against the table before a byte of it is handed out
 * (J6).
 */
import { crc32 } from 'node:zlib';
import type { Sha256 } from '@landfall/runtime';
import { type BaseImage, CHUNK_DAMAGED, CHUNK_HOLE, type ChunkPiece, chunkPieces } from './base-image.ts';
import { BLOCK_BYTES, CHUNK_BYTES, decodeTableEntry, type TableEntry, zeroesSha256 } from './base-table.ts';
import type { ContentCache } from './content-cache.ts';
import { extentDamaged, isUnreadable, storageFailure } from './journal-errors.ts';

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

  constructor(options: VerifiedBaseOptions) {
    this.#base = options.base;
    this.#cache = options.cache;
    this.#diskIndex = options.diskIndex;
    this.#epoch = options.epoch;
  }

  /** Errors: EXTENT_DAMAGED. */
  async read(offsetBytes: number, target: Buffer): Promise<void> {
    for (const piece of chunkPieces(offsetBytes, target.length)) {
      const from = piece.offsetBytes - offsetBytes;
      await this.#readPiece(piece, target.subarray(from, from + piece.lengthBytes));
    }
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
    await this.read(chunk * CHUNK_BYTES, content);
    const hash = entry.sha256 ?? (await sha256(content));
    this.#base.knownHashes.note(chunk, hash);
    return hash;
  }

  async #readPiece(piece: ChunkPiece, target: Buffer): Promise<void> {
    if (this.isZero(piece.chunk)) {
      target.fill(0);
      return;
    }
    const entry = await this.#entry(piece.chunk);
    const end = piece.offsetBytes + piece.lengthBytes;
    const alignedFrom = Math.ceil(piece.offsetBytes / BLOCK_BYTES) * BLOCK_BYTES;
    const alignedTo = end === this.#base.sizeBytes ? end : Math.floor(end / BLOCK_BYTES) * BLOCK_BYTES;
    if (alignedFrom >= alignedTo) return this.#readCached(piece.offsetBytes, target, entry);
    const head = alignedFrom - piece.offsetBytes;
    const tail = alignedTo - piece.offsetBytes;
    if (head > 0) await this.#readCached(piece.offsetBytes, target.subarray(0, head), entry);
    await this.#readBlocks(alignedFrom, target.subarray(head, tail), entry);
    if (tail < target.length) await this.#readCached(alignedTo, target.subarray(tail), entry);
  }

  /** Parts of at most two blocks, by way of the cache: the neighbouring part is likely to be read next. */
  async #readCached(offsetBytes: number, target: Buffer, entry: TableEntry): Promise<void> {
    for (let done = 0; done < target.length; ) {
      const blockOffset = Math.floor((offsetBytes + done) / BLOCK_BYTES) * BLOCK_BYTES;
      const block = await this.#cache.get(`${this.#diskIndex}/base/${blockOffset}`, () =>
        this.#loadBlock(blockOffset, entry),
      );
      done += block.copy(target, done, offsetBytes + done - blockOffset);
    }
  }

  async #loadBlock(blockOffset: number, entry: TableEntry): Promise<Buffer> {
    const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, this.#base.sizeBytes - blockOffset));
    await this.#readBlocks(blockOffset, block, entry);
    return block;
  }

  async #readBlocks(offsetBytes: number, target: Buffer, entry: TableEntry): Promise<void> {
    const read = await this.#readRaw(offsetBytes, target);
    for (let at = 0; at < target.length; at += BLOCK_BYTES) {
      const block = target.subarray(at, Math.min(at + BLOCK_BYTES, target.length));
      const index = ((offsetBytes + at) % CHUNK_BYTES) / BLOCK_BYTES;
      const holds = at + block.length <= read && crc32(block) === entry.blockChecksums[index];
      if (!holds) throw this.#damaged(offsetBytes + at, block.length, 'its checksum does not match');
    }
  }

  async #readRaw(offsetBytes: number, target: Buffer): Promise<number> {
    try {
      return await this.#base.readRaw(offsetBytes, target);
    } catch (cause) {
      if (!isUnreadable(cause)) throw storageFailure(cause);
      throw this.#damaged(offsetBytes, target.length, 'the storage cannot read it', cause);
    }
  }

  async #entry(chunk: number): Promise<TableEntry> {
    const key = `${this.#diskIndex}/table/${chunk}`;
    const bytes = await this.#cache.get(key, () => this.#base.readEntry(chunk));
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
