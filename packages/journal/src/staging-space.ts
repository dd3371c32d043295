/**
 * Space is known (J5): before bytes are written, they must fit beside a reserve that stays free for what
 * keeps the journal whole (indexes, manifests). The volume is asked every few MiB, not at every write.
 */
import { stagingFull } from './journal-errors.ts';
import type { JournalFiles } from './journal-files.ts';

const ALLOWANCE_BYTES = 8 * 1024 * 1024;

export class StagingSpace {
  readonly #files: JournalFiles;
  readonly #reserveBytes: number;
  #allowanceBytes = 0;

  constructor(files: JournalFiles, reserveBytes: number) {
    this.#files = files;
    this.#reserveBytes = reserveBytes;
  }

  /** Errors: STAGING_FULL when `bytes` more would touch the reserve. */
  async take(bytes: number): Promise<void> {
    if (bytes > this.#allowanceBytes) await this.#ask(bytes);
    this.#allowanceBytes -= bytes;
  }

  /** Something failed or was freed: ask again before the next write. */
  forget(): void {
    this.#allowanceBytes = 0;
  }

  async #ask(bytes: number): Promise<void> {
    const freeBytes = await this.#files.freeBytes();
    const usableBytes = freeBytes - this.#reserveBytes;
    if (bytes > usableBytes) throw stagingFull({ freeBytes, reserveBytes: this.#reserveBytes });
    this.#allowanceBytes = Math.max(bytes, Math.min(usableBytes, ALLOWANCE_BYTES));
  }
}
