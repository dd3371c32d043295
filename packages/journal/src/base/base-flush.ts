/**
 * Makes what is written to a partial base durable, early and when it is asked to. When that fails, what it
 * was for may be lost although the file reads as it should, from memory, and although the next flush
 * succeeds: it goes without what was lost. So every chunk that was written by then is unsure until it is
 * written again.
 */
import { EarlyFlush } from '../storage/early-flush.ts';
import type { JournalFile } from '../storage/journal-files.ts';

export class BaseFlush {
  readonly #early: EarlyFlush;
  readonly #unsure = new Set<number>();

  /** `states`: by chunk, 0 of one that was never written. */
  constructor(file: JournalFile, states: Uint8Array) {
    this.#early = new EarlyFlush(async () => {
      try {
        await file.sync();
      } catch (error) {
        for (const [chunk, state] of states.entries()) if (state !== 0) this.#unsure.add(chunk);
        throw error;
      }
    });
  }

  /** Errors: that of a flush that failed since `settle`. */
  wrote(bytes: number): void {
    this.#early.wrote(bytes);
  }

  /** None is under way. Errors: as `wrote`, once. */
  async settle(): Promise<void> {
    try {
      await this.#early.settle();
    } finally {
      await this.#early.forget();
    }
  }

  /** What was written until now is durable. Errors: as `wrote`. */
  async flush(): Promise<void> {
    await this.#early.flush();
  }

  isUnsure(chunk: number): boolean {
    return this.#unsure.has(chunk);
  }

  /** Something is about to be written to the chunk: by somebody who was told that nothing of it is known. */
  rewrites(chunk: number): void {
    this.#unsure.delete(chunk);
  }
}
