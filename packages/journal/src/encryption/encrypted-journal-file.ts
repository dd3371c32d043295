/**
 * One encrypted file, with the contract of a plain one: sizes, holes and torn writes mean what they mean
 * there, so the journal above is the same bytes.
 *
 *   | header (4096) | content, encrypted in blocks of 16 | padding (16) |
 *
 * The padding is zero bytes, encrypted as the content is, so that the last block of the content is whole; the
 * file is always exactly header and padding longer than its content, also when the last block of the padding
 * is cut off in the middle.
 *
 * N1 The length of the content follows from the length of the file alone. A write that the power cut off
 *    never makes it shorter than it was.
 * N2 Only blocks that a write covers are written. The first and the last may hold older bytes, which are
 *    written again as they were: a block lies within one sector, and a sector is written whole or not at all,
 *    so what was durable stays readable whatever is torn.
 * N3 What was never written reads as zero: behind the old end, and in holes.
 * N4 Writes that have older bytes beside them in a block, or change the length, happen one after the other.
 *
 * One handle at a time writes to a file. While it appends, others may read anything but the block the append
 * begins in: there the end of a commit record is, which is read when a journal is opened and not beside
 * writing.
 */
import type { KeyObject } from 'node:crypto';
import { BufferPool, type LentBuffer } from '@landfall/runtime';
import { lastBytesOf, lengthOf, PartsCursor } from '../storage/buffer-parts.ts';
import type { JournalFile } from '../storage/journal-files.ts';
import { ENCRYPTED_HEADER_BYTES } from './encrypted-header.ts';
import { decryptBlocks, encryptBlocks, XTS_BLOCK_BYTES } from './xts-blocks.ts';

export const PADDING_BYTES = XTS_BLOCK_BYTES;
/** What an encrypted file is longer than its content. */
export const ENVELOPE_BYTES = ENCRYPTED_HEADER_BYTES + PADDING_BYTES;
/** Read at once: waking a thread costs more than reading 64 KiB. */
const READ_BYTES = 1024 * 1024;
const READS_MAX = 4;
/** Encrypted and written at once. Whole blocks. */
const WRITE_BYTES = 256 * 1024;
const READ_BUFFERS = new BufferPool({ unitBytes: READ_BYTES + 3 * XTS_BLOCK_BYTES, freeMax: 8 });
const WRITE_BUFFERS = new BufferPool({ unitBytes: WRITE_BYTES, freeMax: 32 });
const ZEROES = Buffer.alloc(2 * XTS_BLOCK_BYTES);
const EMPTY = Buffer.alloc(0);

interface Piece {
  readonly positionBytes: number;
  readonly lengthBytes: number;
}

/** The file's bytes of a piece, still encrypted. */
interface LoadedPiece {
  readonly piece: Piece;
  /** Where the first of its blocks begins. */
  readonly from: number;
  readonly lent: LentBuffer;
  /** Where the content ends, when it ends in this piece. */
  readonly contentEnd: number;
}

/** The block behind which the next append is likely to be, as it is. */
interface LastBlock {
  readonly positionBytes: number;
  readonly bytes: Buffer;
}

export class EncryptedJournalFile implements JournalFile {
  readonly #file: JournalFile;
  readonly #key: KeyObject;
  /** Of the content; unknown after a write that failed. */
  #contentBytes: number | undefined;
  #lastBlock: LastBlock | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(file: JournalFile, key: KeyObject) {
    this.#file = file;
    this.#key = key;
  }

  async sizeBytes(): Promise<number> {
    return (await this.#file.sizeBytes()) - ENVELOPE_BYTES;
  }

  async read(positionBytes: number, target: Buffer): Promise<number> {
    const cursor = new PartsCursor([target]);
    await this.#readInto(positionBytes, cursor);
    return target.length - cursor.bytesLeft;
  }

  async readParts(positionBytes: number, parts: readonly Buffer[]): Promise<boolean> {
    const cursor = new PartsCursor(parts);
    await this.#readInto(positionBytes, cursor);
    return cursor.bytesLeft === 0;
  }

  async write(positionBytes: number, parts: readonly Buffer[]): Promise<void> {
    const endBytes = positionBytes + lengthOf(parts);
    if (endBytes === positionBytes) return;
    const isWhole = positionBytes % XTS_BLOCK_BYTES === 0 && endBytes % XTS_BLOCK_BYTES === 0;
    if (isWhole && endBytes <= (this.#contentBytes ?? 0)) return this.#writeBlocks(positionBytes, parts);
    await this.#inTurn(() => this.#writeRange({ positionBytes, endBytes }, parts));
  }

  truncate(sizeBytes: number): Promise<void> {
    return this.#inTurn(async () => {
      const before = await this.#size();
      if (sizeBytes > before) return this.#grow(sizeBytes, before);
      await this.#setLength(sizeBytes);
    });
  }

  sync(): Promise<void> {
    return this.#file.sync();
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#file.close();
  }

  /** Fills the parts as far as the content goes. */
  async #readInto(positionBytes: number, target: PartsCursor): Promise<void> {
    for (const batch of batches(piecesOf(positionBytes, target.bytesLeft, READ_BYTES))) {
      if (!(await this.#readBatch(batch, target))) return;
    }
  }

  /** One is decrypted while those behind it are read. Resolves to whether the content has all of them. */
  async #readBatch(pieces: readonly Piece[], target: PartsCursor): Promise<boolean> {
    const loading = pieces.map((piece) => this.#load(piece));
    const settled = Promise.allSettled(loading);
    try {
      for (const load of loading) {
        const loaded = await load;
        if (this.#take(loaded, target) < loaded.piece.lengthBytes) return false;
      }
      return true;
    } finally {
      await settled;
    }
  }

  /** Its blocks, and as much again as the padding has: where that ends, so did the content (N1). */
  async #load(piece: Piece): Promise<LoadedPiece> {
    const from = blockBefore(piece.positionBytes);
    const to = blockAfter(piece.positionBytes + piece.lengthBytes) + PADDING_BYTES;
    const lent = READ_BUFFERS.take(to - from);
    const read = await this.#file.read(from + ENCRYPTED_HEADER_BYTES, lent.bytes);
    return { piece, from, lent, contentEnd: from + read - PADDING_BYTES };
  }

  /** Decrypts what was loaded into the next of the parts; returns how much of it the content has. */
  #take({ piece, from, lent, contentEnd }: LoadedPiece, target: PartsCursor): number {
    const end = Math.min(piece.positionBytes + piece.lengthBytes, contentEnd);
    const length = Math.max(0, end - piece.positionBytes);
    if (length > 0) {
      const blocks = lent.bytes.subarray(0, blockAfter(end) - from);
      decryptBlocks(this.#key, from, blocks);
      target.put(blocks.subarray(piece.positionBytes - from, end - from));
    }
    lent.release();
    return length;
  }

  /**
   * Whole blocks; of the last one `surplusBytes` are not written. One piece is encrypted while the one before
   * it is written: more at once would only wake more threads.
   */
  async #writeBlocks(positionBytes: number, parts: readonly Buffer[], surplusBytes = 0): Promise<void> {
    const plain = new PartsCursor(parts);
    let written: Promise<void> = Promise.resolve();
    for (const piece of piecesOf(positionBytes, plain.bytesLeft, WRITE_BYTES)) {
      const lent = WRITE_BUFFERS.take(piece.lengthBytes);
      encryptBlocks(this.#key, piece.positionBytes, plain, lent.bytes);
      await written;
      const end = plain.bytesLeft > 0 ? piece.lengthBytes : piece.lengthBytes - surplusBytes;
      written = this.#file
        .write(piece.positionBytes + ENCRYPTED_HEADER_BYTES, [lent.bytes.subarray(0, end)])
        .finally(lent.release);
    }
    await written;
  }

  /** Any range: what else is in its first and last block stays (N2), and the length changes with it. */
  async #writeRange(
    { positionBytes, endBytes }: { readonly positionBytes: number; readonly endBytes: number },
    parts: readonly Buffer[],
  ): Promise<void> {
    const before = await this.#size();
    if (positionBytes > before) await this.#grow(positionBytes, before);
    const from = blockBefore(positionBytes);
    const last = blockBefore(endBytes);
    const head = (await this.#block(from, positionBytes)).subarray(0, positionBytes - from);
    const tail = endBytes < before ? (await this.#block(last, endBytes)).subarray(endBytes - last) : EMPTY;
    const content = [head, ...parts, tail];
    const to = endBytes + tail.length;
    this.#lastBlock = undefined;
    if (to < before) return this.#writeBlocks(from, content);
    this.#contentBytes = undefined;
    const surplusBytes = blockAfter(to) - to;
    await this.#writeBlocks(
      from,
      [...content, ZEROES.subarray(0, surplusBytes + PADDING_BYTES)],
      surplusBytes,
    );
    this.#contentBytes = to;
    this.#lastBlock = { positionBytes: blockBefore(to), bytes: lastBytesOf(content, to - blockBefore(to)) };
  }

  /**
   * Longer, with zeroes (N3). Behind the end there may be what a shortening or a crash left: it is written
   * over as far as it can reach, and the rest of what is new is a hole.
   */
  async #grow(sizeBytes: number, before: number): Promise<void> {
    const clean = blockAfter(before) + XTS_BLOCK_BYTES;
    const endBytes = Math.min(sizeBytes, clean);
    await this.#writeRange({ positionBytes: before, endBytes }, [ZEROES.subarray(0, endBytes - before)]);
    if (sizeBytes <= clean) return;
    await this.#setLength(sizeBytes);
  }

  async #setLength(sizeBytes: number): Promise<void> {
    this.#contentBytes = undefined;
    this.#lastBlock = undefined;
    await this.#file.truncate(sizeBytes + ENVELOPE_BYTES);
    this.#contentBytes = sizeBytes;
  }

  /** The block at `positionBytes`, when something before `neededBytes` is in it. */
  async #block(positionBytes: number, neededBytes: number): Promise<Buffer> {
    if (neededBytes === positionBytes) return EMPTY;
    if (this.#lastBlock?.positionBytes === positionBytes) return this.#lastBlock.bytes;
    const block = Buffer.alloc(XTS_BLOCK_BYTES);
    return block.subarray(0, await this.read(positionBytes, block));
  }

  async #size(): Promise<number> {
    this.#contentBytes ??= await this.sizeBytes();
    return this.#contentBytes;
  }

  #inTurn(action: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(action);
    this.#turn = Promise.allSettled([mine]).then(() => undefined);
    return mine;
  }
}

function blockBefore(positionBytes: number): number {
  return positionBytes - (positionBytes % XTS_BLOCK_BYTES);
}

function blockAfter(positionBytes: number): number {
  return blockBefore(positionBytes + XTS_BLOCK_BYTES - 1);
}

function piecesOf(positionBytes: number, lengthBytes: number, pieceBytes: number): readonly Piece[] {
  return Array.from({ length: Math.ceil(lengthBytes / pieceBytes) }, (_, index) => ({
    positionBytes: positionBytes + index * pieceBytes,
    lengthBytes: Math.min(pieceBytes, lengthBytes - index * pieceBytes),
  }));
}

function* batches(pieces: readonly Piece[]): Generator<readonly Piece[]> {
  for (let first = 0; first < pieces.length; first += READS_MAX) yield pieces.slice(first, first + READS_MAX);
}
