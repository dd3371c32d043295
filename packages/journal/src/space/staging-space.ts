/**
 * Space is known (J5): before bytes are written, they must fit beside a reserve that stays free for what
 * keeps the journal whole (indexes, manifests), and under the limit of the server if it has one. Volume and
 * folder are asked every few MiB, not at every write.
 *
 * The limit is for what replication writes. Compaction may take more for a while, a segment at most: it is
 * what brings the journal below the limit again.
 */
import { journalLimitReached, stagingFull } from '../journal-errors.ts';
import type { JournalFiles } from '../storage/journal-files.ts';

/** Kept free on the staging volume, unless a test says otherwise. */
export const STAGING_RESERVE_BYTES = 64 * 1024 * 1024;
const ALLOWANCE_BYTES = 8 * 1024 * 1024;

export class StagingSpace {
  readonly #files: JournalFiles;
  readonly #reserveBytes: number;
  #allowanceBytes = 0;
  #limitBytes = Number.POSITIVE_INFINITY;
  /** Until then it is below the limit, whatever compaction does. */
  #belowLimitBytes = 0;

  constructor(files: JournalFiles, reserveBytes: number) {
    this.#files = files;
    this.#reserveBytes = reserveBytes;
  }

  /** Bytes of storage the journal may take; Infinity: no limit but the volume's. */
  get limitBytes(): number {
    return this.#limitBytes;
  }

  limitTo(limitBytes: number): void {
    this.#limitBytes = limitBytes;
    this.#belowLimitBytes = 0;
  }

  /** Errors: STAGING_FULL when `bytes` more would touch the reserve, JOURNAL_LIMIT_REACHED. */
  async take(bytes: number): Promise<void> {
    if (bytes > this.#allowanceBytes) await this.#ask(bytes);
    if (bytes > this.#belowLimitBytes) await this.#askBelowLimit(bytes);
    this.#allowanceBytes -= bytes;
    this.#belowLimitBytes -= bytes;
  }

  /** Something failed or was freed: ask again before the next write. */
  forget(): void {
    this.#allowanceBytes = 0;
    this.#belowLimitBytes = 0;
  }

  async #ask(bytes: number): Promise<void> {
    const freeBytes = await this.#files.freeBytes();
    const usableBytes = freeBytes - this.#reserveBytes;
    if (bytes > usableBytes) throw stagingFull({ freeBytes, reserveBytes: this.#reserveBytes });
    this.#allowanceBytes = Math.max(bytes, Math.min(usableBytes, ALLOWANCE_BYTES));
  }

  async #askBelowLimit(bytes: number): Promise<void> {
    const limitBytes = this.#limitBytes;
    const usedBytes = limitBytes === Number.POSITIVE_INFINITY ? 0 : await this.#files.allocatedBytes();
    if (bytes > limitBytes - usedBytes) throw journalLimitReached({ usedBytes, limitBytes });
    this.#belowLimitBytes = limitBytes - usedBytes;
  }
}
