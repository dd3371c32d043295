/** Tests only: a replica of one disk as a sparse file. The images of the epochs asked for are kept. */
import { writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { decodeExtent, type ExtentHeader } from '@landfall/block';
import type { EpochCommit } from '@landfall/model';
import { assert, runChecked } from '@landfall/runtime';
import type { EpochStore } from '../epoch-store.ts';

export class FileImageStore implements EpochStore {
  readonly journalId = '11111111-2222-4333-8444-555555555555';
  lastEpoch = 0;
  bytesPut = 0;
  isOver = false;
  /** The next epoch is put while this one is made durable: it waits for the copy. */
  #copied: Promise<unknown> = Promise.resolve();
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #wanted: ReadonlySet<number>;

  private constructor(path: string, file: FileHandle, wanted: ReadonlySet<number>) {
    this.#path = path;
    this.#file = file;
    this.#wanted = wanted;
  }

  static async create(path: string, sizeBytes: number, wanted: readonly number[]): Promise<FileImageStore> {
    writeFileSync(path, '');
    const file = await open(path, 'r+');
    await file.truncate(sizeBytes);
    return new FileImageStore(path, file, new Set(wanted));
  }

  imageOf(epoch: number): string {
    return `${this.#path}.${epoch}`;
  }

  isEmpty(): boolean {
    return this.bytesPut === 0;
  }

  async chunkHashes(): Promise<Buffer> {
    throw new Error('nothing is compared with an empty disk');
  }

  async putExtent(header: ExtentHeader, payload: Buffer): Promise<void> {
    assert(!this.isOver, 'a story without doubt abandons nothing');
    await this.#copied;
    const bytes = decodeExtent(header, payload);
    this.bytesPut += bytes.length;
    await this.#file.write(bytes, 0, bytes.length, header.offsetBytes);
  }

  async putZeroes(_diskIndex: number, offsetBytes: number, lengthBytes: number): Promise<void> {
    await this.#copied;
    await this.#file.write(Buffer.alloc(lengthBytes), 0, lengthBytes, offsetBytes);
  }

  async commit({ epoch }: EpochCommit): Promise<void> {
    if (this.#wanted.has(epoch)) {
      this.#copied = runChecked(['cp', '--sparse=always', this.#path, this.imageOf(epoch)]);
    }
    await this.#copied;
    this.lastEpoch = epoch;
  }

  /** At the beginning, when nothing is open; and at the end, when no image is taken any more. */
  async abandon(): Promise<void> {
    this.isOver = this.bytesPut > 0;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
