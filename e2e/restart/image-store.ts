/**
 * A replica in memory whose every byte can be looked at, and which counts the chunks it was asked to hash.
 */
import { createHash } from 'node:crypto';
import { decodeExtent, type ExtentHeader } from '../../packages/block/src/index.ts';
import type { EpochCommit } from '../../packages/model/src/index.ts';
import type { EpochStore } from '../../packages/replication/src/index.ts';

const CHUNK_BYTES = 1024 * 1024;

interface Change {
  readonly diskIndex: number;
  readonly offsetBytes: number;
  readonly bytes: Buffer;
}

export class ImageStore implements EpochStore {
  readonly journalId = 'journal-of-restarts';
  readonly images: readonly Buffer[];
  lastEpoch = 0;
  hashedChunks = 0;
  receivedBytes = 0;
  #open: Change[] = [];

  constructor(sizesBytes: readonly number[]) {
    this.images = sizesBytes.map((sizeBytes) => Buffer.alloc(sizeBytes));
  }

  isEmpty(): boolean {
    return this.lastEpoch === 0;
  }

  async chunkHashes(diskIndex: number, firstChunk: number, count: number): Promise<Buffer> {
    this.hashedChunks += count;
    const image = this.images[diskIndex] ?? Buffer.alloc(0);
    const hashOf = (chunk: number) => {
      const from = (firstChunk + chunk) * CHUNK_BYTES;
      return createHash('sha256')
        .update(image.subarray(from, from + CHUNK_BYTES))
        .digest();
    };
    return Buffer.concat(Array.from({ length: count }, (_, chunk) => hashOf(chunk)));
  }

  async putExtent(header: ExtentHeader, payload: Buffer): Promise<void> {
    const { diskIndex, offsetBytes } = header;
    this.#put({ diskIndex, offsetBytes, bytes: Buffer.from(decodeExtent(header, payload)) });
  }

  async putZeroes(diskIndex: number, offsetBytes: number, lengthBytes: number): Promise<void> {
    this.#put({ diskIndex, offsetBytes, bytes: Buffer.alloc(lengthBytes) });
  }

  async commit({ epoch }: EpochCommit): Promise<void> {
    for (const { diskIndex, offsetBytes, bytes } of this.#open) {
      bytes.copy(this.images[diskIndex] ?? Buffer.alloc(0), offsetBytes);
    }
    this.#open = [];
    this.lastEpoch = epoch;
  }

  async abandon(): Promise<void> {
    this.#open = [];
  }

  #put(change: Change): void {
    this.receivedBytes += change.bytes.length;
    this.#open.push(change);
  }
}
