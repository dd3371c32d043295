/**
 * Leaves out of a full comparison what the source's file systems do not use. Runs beside the copying, which
 * does not wait for it, and outlives a lost connection; the next comparison begins it anew.
 */
import type { EpochSource } from '@landfall/capture';
import { AssertionFailure, type Logger } from '@landfall/runtime';
import { RESCAN_CHUNK_BYTES } from '../epoch-store.ts';
import type { ComparisonMode } from './comparison.ts';

const BLOCK_BYTES = 4096;
/**
 * On an empty disk what is left out reads as zeroes. Elsewhere a chunk is compared by its hash, for which
 * it has to be read whole.
 */
const ALIGNMENTS_BYTES = { EMPTY: BLOCK_BYTES, HASHES: RESCAN_CHUNK_BYTES } as const;

export class FreeSpaceSkip {
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  /** Everything of the source was just marked dirty. */
  begin(source: EpochSource, modes: readonly ComparisonMode[], logger: Logger): void {
    this.#stop.abort();
    if (source.forgetFree === undefined) return;
    this.#stop = new AbortController();
    const alignmentsBytes = modes.map((mode) => ALIGNMENTS_BYTES[mode]);
    const { signal } = this.#stop;
    const forgotten = source.forgetFree({ alignmentsBytes, signal }).catch((error: unknown) => {
      if (error instanceof AssertionFailure) throw error;
      if (!signal.aborted) logger.warn('free-space-unknown', { error });
    });
    this.#running = Promise.all([this.#running, forgotten]).then(() => undefined);
  }

  /** Ends what is under way. Rejects only for a programmer error. */
  async end(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
