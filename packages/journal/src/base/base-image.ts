/**
 * The base of one staging disk: a sparse raw file and its table. It has two lives. During the first sync it
 * is partial and written in place: there is no recovery point it could harm (J4). Once the manifest names it
 * as the disk at an epoch it is valid, and only `base-advance.ts` writes it, under a new table.
 *
 * The table says which chunks were ever written, and it is the authority: a chunk without an entry reads as
 * zeroes. After a crash during the first sync the file may hold bytes under such a chunk that reached the
 * disk before its entry; whatever is written there later then writes the whole chunk. Hashes found in the
 * table after a crash are not believed, because the file may have lost what they were taken of: they are
 * taken again from the file.
 */
import { createHash } from 'node:crypto';
import { CODEC_RAW, decodeExtent, type ExtentHeader } from '@landfall/block';
import { assert } from '@landfall/runtime';
import { journalDamaged } from '../journal-errors.ts';
import { checkPayload, receivedDamaged } from '../segments/extent-checks.ts';
import type { JournalFile, JournalFiles } from '../storage/journal-files.ts';
import { openListedPair } from '../storage/listed-files.ts';
import { WritePipeline } from '../storage/write-pipeline.ts';
import { BaseFlush } from './base-flush.ts';
import {
  blockChecksumsOf,
  CHUNK_BYTES,
  decodeTableEntry,
  encodeChecksummedEntry,
  encodeStaleEntry,
  encodeTableEntry,
  TABLE_ENTRY_BYTES,
  wholeChecksum,
  writtenEntries,
  zeroesSha256,
} from './base-table.ts';
import { BaseTableFile } from './base-table-file.ts';
import { type ChunkPiece, chunkPieces } from './chunk-pieces.ts';
import { KnownHashes } from './known-hashes.ts';

/** What is known of a chunk. */
export const CHUNK_HOLE = 0;
const CHUNK_HASHED = 1;
const CHUNK_STALE = 2;
export const CHUNK_DAMAGED = 3;
/** Its block checksums are known, its SHA-256 is not. */
const CHUNK_CHECKSUMMED = 4;

const TABLE_READ_ENTRIES = 8192;
const ZEROES = Buffer.alloc(CHUNK_BYTES);
const WRITING_BYTES_MAX = 8 * CHUNK_BYTES;
const SHA256_BYTES = 32;

export interface BaseOptions {
  readonly files: JournalFiles;
  readonly diskIndex: number;
  readonly sizeBytes: number;
  /** 0, the first one, when not given. */
  readonly tableNumber?: number;
}

/** What is on its way into the base: reads see it already. */
export interface BaseOverlay {
  /** Puts it over what the base file has from `offsetBytes` on. */
  cover(offsetBytes: number, target: Buffer): Promise<void>;
}

export class BaseImage {
  readonly sizeBytes: number;
  readonly path: string;
  readonly tablePath: string;
  /** While it is valid. */
  readonly knownHashes: KnownHashes;
  readonly #file: JournalFile;
  readonly #table: BaseTableFile;
  readonly #writes = new WritePipeline(WRITING_BYTES_MAX);
  readonly #flush: BaseFlush;
  readonly #states: Uint8Array;
  #written = 0;
  /** Writes that have begun and not ended. */
  #writing = 0;
  /** Chunks without an entry may have bytes in the file: after a crash during the first sync. */
  #holesMayHoldBytes = false;
  #valid = false;
  #overlay: BaseOverlay | undefined;
  /** Chunks that have an entry. */
  readonly writtenChunks = (): number => this.#written;
  /** Something is on its way into it: file and table are not of one state. */
  readonly isAdvancing = (): boolean => this.#overlay !== undefined;

  private constructor(options: BaseOptions, file: JournalFile, table: JournalFile) {
    this.sizeBytes = options.sizeBytes;
    this.path = basePath(options.diskIndex);
    this.tablePath = tablePath(options.diskIndex, options.tableNumber);
    this.#file = file;
    this.#table = new BaseTableFile(table);
    this.#states = new Uint8Array(Math.ceil(options.sizeBytes / CHUNK_BYTES));
    this.#flush = new BaseFlush(file, this.#states);
    this.knownHashes = new KnownHashes(this.#states.length);
  }

  /** An empty base: all zeroes, no space taken. */
  static async create(options: BaseOptions): Promise<void> {
    const file = await options.files.create(basePath(options.diskIndex));
    await file.truncate(options.sizeBytes);
    await file.sync();
    await file.close();
    const table = await options.files.create(tablePath(options.diskIndex));
    await table.truncate(Math.ceil(options.sizeBytes / CHUNK_BYTES) * TABLE_ENTRY_BYTES);
    await table.sync();
    await table.close();
  }

  /** `tableSha256`: of the manifest, when it says the base is valid. Errors: JOURNAL_DAMAGED. */
  static async open(options: BaseOptions, tableSha256: string | undefined): Promise<BaseImage> {
    const { diskIndex, tableNumber } = options;
    const paths = [basePath(diskIndex), tablePath(diskIndex, tableNumber)] as const;
    const [file, table] = await openListedPair(options.files, paths);
    const base = new BaseImage(options, file, table);
    try {
      await base.#load(tableSha256);
      return base;
    } catch (error) {
      await base.close();
      throw error;
    }
  }

  get chunkCount(): number {
    return this.#states.length;
  }

  get damagedChunks(): number {
    return this.#states.reduce((count, state) => count + (state === CHUNK_DAMAGED ? 1 : 0), 0);
  }

  /** True while every byte of it is known to be zero. */
  get isEmpty(): boolean {
    return this.#written === 0 && this.#writes.chunksUnderWay === 0;
  }

  /** Whether it is a recovery point's disk, not to be written any more. */
  get isValid(): boolean {
    return this.#valid;
  }

  chunkState(chunk: number): number {
    return this.#states[chunk] ?? CHUNK_HOLE;
  }

  /** Resolves when the write has begun; `settle` tells its end. Errors: EXTENT_DAMAGED. */
  async writeExtent(header: ExtentHeader, payload: Buffer, release?: () => void): Promise<void> {
    assert(!this.#valid, 'J3: a valid base is never written');
    const { offsetBytes, lengthBytes, codec } = header;
    const chunk = Math.floor(offsetBytes / CHUNK_BYTES);
    const isWhole = offsetBytes === chunk * CHUNK_BYTES && lengthBytes === this.chunkLength(chunk);
    if (codec !== CODEC_RAW || !isWhole) {
      checkPayload(header, payload);
      return this.write(offsetBytes, codec === CODEC_RAW ? payload : decodeExtent(header, payload));
    }
    const checksums = blockChecksumsOf(payload);
    if (wholeChecksum(checksums, lengthBytes) !== header.checksum) throw receivedDamaged(header);
    await this.#add(chunk, lengthBytes, async () => {
      await this.#writeChunk(chunk, payload, checksums);
      release?.();
    });
  }

  /** As `writeExtent`. */
  async write(offsetBytes: number, content: Buffer): Promise<void> {
    assert(!this.#valid, 'J3: a valid base is never written');
    for (const piece of chunkPieces(offsetBytes, content.length)) {
      const from = piece.offsetBytes - offsetBytes;
      const bytes = content.subarray(from, from + piece.lengthBytes);
      await this.#add(piece.chunk, piece.lengthBytes, () => this.#writePiece(piece, bytes));
    }
  }

  /** As `writeExtent`. */
  async writeZeroes(offsetBytes: number, lengthBytes: number): Promise<void> {
    assert(!this.#valid, 'J3: a valid base is never written');
    for (const piece of chunkPieces(offsetBytes, lengthBytes)) {
      if (this.#states[piece.chunk] === CHUNK_HOLE && !this.#writes.has(piece.chunk)) continue;
      await this.#add(piece.chunk, piece.lengthBytes, () => this.#zeroPiece(piece));
    }
  }

  /** Everything written is in the files. Errors: those of the storage, once. */
  async settle(): Promise<void> {
    const [written] = await Promise.allSettled([this.#writes.settle()]);
    await this.#flush.settle();
    if (written.status === 'rejected') throw written.reason;
  }

  /**
   * SHA-256 of a chunk of the partial base, from the file when the table has none that is believed. Zeroes,
   * which no content hashes to, of one that the storage may have lost: it is sent again (J6).
   */
  async chunkSha256(chunk: number): Promise<Buffer> {
    assert(!this.#valid, 'a valid base is read with verification');
    await this.#writes.settle();
    if (this.#flush.isUnsure(chunk)) return Buffer.alloc(SHA256_BYTES);
    const state = this.#states[chunk];
    if (state === CHUNK_HOLE) return zeroesSha256(this.chunkLength(chunk));
    if (state !== CHUNK_HASHED) {
      const entry = encodeTableEntry(await this.#readChunk(chunk));
      await this.#setEntry(chunk, CHUNK_HASHED, entry);
    }
    return (await this.readEntry(chunk)).subarray(0, SHA256_BYTES);
  }

  /**
   * Gives every chunk its checksums and makes everything durable; resolves to the checksum of the table for
   * the manifest.
   */
  async complete(): Promise<string> {
    await this.settle();
    for (let chunk = 0; chunk < this.#states.length; chunk += 1) {
      if (this.#states[chunk] !== CHUNK_STALE) continue;
      const checksums = blockChecksumsOf(await this.#readChunk(chunk));
      await this.#setEntry(chunk, CHUNK_CHECKSUMMED, encodeChecksummedEntry(checksums));
    }
    await this.sync();
    return this.#walkTable(() => undefined);
  }

  async sync(): Promise<void> {
    await this.settle();
    await Promise.all([this.#flush.flush(), this.#table.sync()]);
  }

  markValid(): void {
    this.#valid = true;
  }

  /** Back to partial: the manifest that would have made it valid did not become durable. */
  markPartial(): void {
    this.#valid = false;
  }

  readEntry(chunk: number): Promise<Buffer> {
    return this.#table.entry(chunk);
  }

  /** Of a valid base, whose entries are all in the file. */
  readEntries(firstChunk: number, count: number): Promise<Buffer> {
    assert(this.#valid, 'entries of a partial base may still wait to be written');
    return this.#table.read(firstChunk, Math.min(count, this.#states.length - firstChunk));
  }

  /** False: the file ends before. */
  async readParts(offsetBytes: number, parts: readonly Buffer[]): Promise<boolean> {
    const overlay = this.#overlay;
    if (overlay === undefined) return this.#file.readParts(offsetBytes, parts);
    let position = offsetBytes;
    for (const part of parts) {
      part.fill(0, await this.#file.read(position, part));
      await overlay.cover(position, part);
      position += part.length;
    }
    return true;
  }

  /** `undefined`: the file has all of it. */
  setOverlay(overlay: BaseOverlay | undefined): void {
    this.#overlay = overlay;
  }

  chunkLength(chunk: number): number {
    return Math.min(CHUNK_BYTES, this.sizeBytes - chunk * CHUNK_BYTES);
  }

  /** What is still being written is waited for; whether it succeeds matters to nobody any more. */
  async close(): Promise<void> {
    await Promise.allSettled([this.settle()]);
    await this.#file.close();
    await this.#table.close();
  }

  /** The last write of a burst writes the table too, so that a killed first sync loses little. */
  #add(chunk: number, bytes: number, write: () => Promise<void>): Promise<void> {
    return this.#writes.add(chunk, bytes, async () => {
      this.#writing += 1;
      this.#flush.rewrites(chunk);
      try {
        await write();
      } finally {
        this.#writing -= 1;
      }
      this.#flush.wrote(bytes);
      if (this.#writing === 0) await this.#table.flush();
    });
  }

  async #writePiece(piece: ChunkPiece, content: Buffer): Promise<void> {
    if (content.length === this.chunkLength(piece.chunk)) {
      return this.#writeChunk(piece.chunk, content, blockChecksumsOf(content));
    }
    const state = this.#states[piece.chunk];
    if (state === CHUNK_HOLE && this.#holesMayHoldBytes) {
      const chunk = Buffer.alloc(this.chunkLength(piece.chunk));
      content.copy(chunk, piece.offsetBytes - piece.chunk * CHUNK_BYTES);
      return this.#writeChunk(piece.chunk, chunk, blockChecksumsOf(chunk));
    }
    if (state !== CHUNK_STALE) await this.#setEntry(piece.chunk, CHUNK_STALE, encodeStaleEntry());
    await this.#file.write(piece.offsetBytes, [content]);
  }

  async #writeChunk(chunk: number, content: Buffer, checksums: readonly number[]): Promise<void> {
    // Stale first: should the write fail half-way, the old checksums must not stand for what is there now.
    this.#setState(chunk, CHUNK_STALE);
    await this.#file.write(chunk * CHUNK_BYTES, [content]);
    await this.#setEntry(chunk, CHUNK_CHECKSUMMED, encodeChecksummedEntry(checksums));
  }

  async #zeroPiece(piece: ChunkPiece): Promise<void> {
    if (this.#states[piece.chunk] === CHUNK_HOLE) return;
    const zeroes = ZEROES.subarray(0, piece.lengthBytes);
    if (piece.lengthBytes < this.chunkLength(piece.chunk)) return this.#writePiece(piece, zeroes);
    await this.#file.write(piece.chunk * CHUNK_BYTES, [zeroes]);
    await this.#setEntry(piece.chunk, CHUNK_HOLE, Buffer.alloc(TABLE_ENTRY_BYTES));
  }

  async #readChunk(chunk: number): Promise<Buffer> {
    const content = Buffer.alloc(this.chunkLength(chunk));
    await this.#file.read(chunk * CHUNK_BYTES, content);
    return content;
  }

  async #setEntry(chunk: number, state: number, entry: Buffer): Promise<void> {
    await this.#table.setEntry(chunk, entry);
    this.#setState(chunk, state);
  }

  #setState(chunk: number, state: number): void {
    const before = this.#states[chunk];
    if (before === CHUNK_HOLE && state !== CHUNK_HOLE) this.#written += 1;
    if (before !== CHUNK_HOLE && state === CHUNK_HOLE) this.#written -= 1;
    this.#states[chunk] = state;
  }

  async #checkSizes(): Promise<void> {
    const tableBytes = this.#states.length * TABLE_ENTRY_BYTES;
    const found = [await this.#file.sizeBytes(), await this.#table.sizeBytes()];
    const expected = [this.sizeBytes, tableBytes];
    for (const [index, path] of [this.path, this.tablePath].entries()) {
      if (found[index] === expected[index]) continue;
      const what = `it has ${found[index]} bytes instead of ${expected[index]}`;
      throw journalDamaged({ path, positionBytes: found[index] ?? 0, what });
    }
  }

  async #load(tableSha256: string | undefined): Promise<void> {
    await this.#checkSizes();
    if (tableSha256 === undefined) await this.#loadPartial();
    else await this.#loadValid(tableSha256);
  }

  async #loadPartial(): Promise<void> {
    this.#holesMayHoldBytes = true;
    await this.#walkTable((chunk) => this.#setState(chunk, CHUNK_STALE));
  }

  async #loadValid(tableSha256: string): Promise<void> {
    this.#valid = true;
    const found = await this.#walkTable((chunk, entry) => {
      this.#setState(chunk, decodeTableEntry(entry) === undefined ? CHUNK_DAMAGED : CHUNK_CHECKSUMMED);
    });
    // A damaged entry is known by its own checksum and costs its chunk only; any other change cannot be told
    // apart.
    if (found === tableSha256 || this.damagedChunks > 0) return;
    const what = 'the table does not match the checksum the manifest has of it';
    throw journalDamaged({ path: this.tablePath, positionBytes: 0, what });
  }

  /** Visits every entry that is not empty; resolves to the SHA-256 of the whole table, hexadecimal. */
  async #walkTable(visit: (chunk: number, entry: Buffer) => void): Promise<string> {
    const hash = createHash('sha256');
    await this.#table.flush();
    for (let first = 0; first < this.#states.length; first += TABLE_READ_ENTRIES) {
      const count = Math.min(TABLE_READ_ENTRIES, this.#states.length - first);
      const bytes = await this.#table.read(first, count);
      hash.update(bytes);
      for (const { index, entry } of writtenEntries(bytes)) visit(first + index, entry);
    }
    return hash.digest('hex');
  }
}

export function basePath(diskIndex: number): string {
  return `disk-${diskIndex}/base`;
}

export function tablePath(diskIndex: number, tableNumber = 0): string {
  const path = `disk-${diskIndex}/base.sha256`;
  return tableNumber === 0 ? path : `${path}.${tableNumber}`;
}
