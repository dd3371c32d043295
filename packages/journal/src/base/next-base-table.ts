/**
 * Writes the table the base will have once some segments are in it, while the base still is what the table
 * before says. Only the blocks that change are read. A chunk that was a hole so far may have anything in the
 * file: what stays zero in it is made zero now, which nobody sees, because the table in force says "hole".
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { JournalFile, JournalFiles } from '../storage/journal-files.ts';
import type { ResolvedPiece } from '../views/resolve-range.ts';
import { type BaseChanges, chunkRange, isAllZero, isChanged } from './base-changes.ts';
import { type BaseImage, CHUNK_HOLE, tablePath } from './base-image.ts';
import {
  BLOCK_BYTES,
  CHUNK_BYTES,
  decodeTableEntry,
  encodeChecksummedEntry,
  TABLE_ENTRY_BYTES,
} from './base-table.ts';
import type { VerifiedBase } from './verified-base.ts';

const ENTRIES_PER_WRITE = 4096;
const ZERO_BLOCK = Buffer.alloc(BLOCK_BYTES);

export interface NextTableOptions {
  readonly files: JournalFiles;
  readonly diskIndex: number;
  readonly tableNumber: number;
  readonly base: BaseImage;
  /** Of the same base. */
  readonly verified: VerifiedBase;
  /** The base file, to be written. */
  readonly baseFile: JournalFile;
  readonly changes: BaseChanges;
  readonly changedChunks: readonly number[];
  /** Of the base afterwards; it never gets shorter. */
  readonly sizeBytes: number;
}

export class NextBaseTable {
  readonly path: string;
  readonly #options: NextTableOptions;
  readonly #file: JournalFile;
  readonly #changed: ReadonlySet<number>;
  readonly #chunkCount: number;
  readonly #hash = createHash('sha256');
  #chunk = 0;
  #entries: Buffer[] = [];
  /** Bytes the base file will take where it has holes now. */
  newBytes = 0;

  private constructor(options: NextTableOptions, file: JournalFile) {
    this.path = tablePath(options.diskIndex, options.tableNumber);
    this.#options = options;
    this.#file = file;
    this.#chunkCount = Math.ceil(options.sizeBytes / CHUNK_BYTES);
    const { base, sizeBytes, changedChunks } = options;
    const last = base.chunkCount - 1;
    // The last chunk of a base that grows gets longer, and its last block with it.
    const grows = last >= 0 && sizeBytes > base.sizeBytes && base.chunkLength(last) < CHUNK_BYTES;
    this.#changed = new Set(grows ? [...changedChunks, last] : changedChunks);
  }

  static async create(options: NextTableOptions): Promise<NextBaseTable> {
    const { files, diskIndex, tableNumber } = options;
    return new NextBaseTable(options, await files.create(tablePath(diskIndex, tableNumber)));
  }

  /** About so many changed chunks further; true at the end. Errors: EXTENT_DAMAGED, those of the storage. */
  async step(chunksMax: number): Promise<boolean> {
    let changed = 0;
    for (; this.#chunk < this.#chunkCount && changed < chunksMax; this.#chunk += 1) {
      const isChangedChunk = this.#changed.has(this.#chunk);
      const entry = isChangedChunk
        ? await this.#nextEntry(this.#chunk)
        : await this.#entryBefore(this.#chunk);
      if (isChangedChunk) changed += 1;
      this.#entries.push(entry);
      if (this.#entries.length === ENTRIES_PER_WRITE) await this.#flush(this.#chunk + 1);
    }
    return this.#chunk === this.#chunkCount;
  }

  /** Durable, with its name; resolves to its SHA-256. */
  async finish(): Promise<string> {
    const { files, diskIndex, baseFile } = this.#options;
    await this.#flush(this.#chunkCount);
    await this.#file.sync();
    await baseFile.sync();
    await this.close();
    await files.syncFolder(`disk-${diskIndex}`);
    return this.#hash.digest('hex');
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #flush(endChunk: number): Promise<void> {
    if (this.#entries.length === 0) return;
    const bytes = Buffer.concat(this.#entries);
    await this.#file.write((endChunk - this.#entries.length) * TABLE_ENTRY_BYTES, [bytes]);
    this.#hash.update(bytes);
    this.#entries = [];
  }

  async #entryBefore(chunk: number): Promise<Buffer> {
    const { base } = this.#options;
    return chunk < base.chunkCount ? base.readEntry(chunk) : Buffer.alloc(TABLE_ENTRY_BYTES);
  }

  async #nextEntry(chunk: number): Promise<Buffer> {
    const { base, changes, sizeBytes } = this.#options;
    const { from, to } = chunkRange(chunk, sizeBytes);
    const pieces = changes.pieces(from, to);
    if (isAllZero(pieces)) return Buffer.alloc(TABLE_ENTRY_BYTES);
    const isHole = base.chunkState(chunk) === CHUNK_HOLE;
    if (isHole) {
      for (const { source, fromBytes, toBytes } of pieces) {
        if ((source?.extent.payloadBytes ?? 0) > 0) this.newBytes += toBytes - fromBytes;
      }
      await this.#makeZero(pieces);
    }
    const before = isHole ? undefined : decodeTableEntry(await base.readEntry(chunk));
    const checksums: number[] = [];
    for (let block = from; block < to; block += BLOCK_BYTES) {
      const end = Math.min(to, block + BLOCK_BYTES);
      const known = this.#isUntouched(pieces, block, end) ? before?.blockChecksums : undefined;
      checksums.push(known?.[checksums.length] ?? crc32(await this.#nextBlock(block, end)));
    }
    return encodeChecksummedEntry(checksums);
  }

  /** Nothing of the block changes, its length neither. */
  #isUntouched(pieces: readonly ResolvedPiece[], from: number, to: number): boolean {
    if (to > this.#options.base.sizeBytes) return false;
    return !pieces.some((piece) => isChanged(piece) && piece.fromBytes < to && piece.toBytes > from);
  }

  async #nextBlock(from: number, to: number): Promise<Buffer> {
    const { base, verified, changes } = this.#options;
    const block = Buffer.alloc(to - from);
    const readTo = Math.min(to, base.sizeBytes);
    const stays = changes.pieces(from, to).some((piece) => !isChanged(piece) && piece.fromBytes < readTo);
    const kept = { offsetBytes: from, target: block.subarray(0, readTo - from) };
    if (stays) await verified.readPieces([kept], { fromBytes: from, toBytes: readTo });
    await changes.cover(from, block);
    return block;
  }

  async #makeZero(pieces: readonly ResolvedPiece[]): Promise<void> {
    for (const { fromBytes, toBytes } of pieces.filter((piece) => !isChanged(piece))) {
      for (let at = fromBytes; at < toBytes; at += BLOCK_BYTES) {
        const zeroes = ZERO_BLOCK.subarray(0, Math.min(BLOCK_BYTES, toBytes - at));
        const found = Buffer.alloc(zeroes.length);
        await this.#options.baseFile.read(at, found);
        if (!found.equals(zeroes)) await this.#options.baseFile.write(at, [zeroes]);
      }
    }
  }
}
