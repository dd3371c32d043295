/**
 * Has the storage write what was written to a file while more arrives. Otherwise everything that still lies
 * in the page cache is written when a commit waits for it, or when a killed program's journal is opened:
 * seconds at the end of a first sync or of a large epoch.
 *
 * Only one flush is under way at a time: of two that run beside each other the kernel tells one only that a
 * page was lost, and the other one would be believed.
 */
import { MIB } from '@landfall/runtime';

/** Of what was written to a file and is not flushed yet. */
const FLUSHED_EVERY_BYTES = 64 * MIB;
/** Of all files together: each keeps a thread for as long as it takes. */
const EARLY_FLUSHES_MAX = 3;
let earlyFlushes = 0;

export class EarlyFlush {
  readonly #flush: () => Promise<void>;
  readonly #everyBytes: number;
  #bytes = 0;
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** `flush`: makes what was written to the file until now durable. */
  constructor(flush: () => Promise<void>, everyBytes = FLUSHED_EVERY_BYTES) {
    this.#flush = flush;
    this.#everyBytes = everyBytes;
  }

  /** So many bytes were written. Errors: that of a flush since `forget`. */
  wrote(bytes: number): void {
    this.#throwFailure();
    this.#bytes += bytes;
    if (this.#bytes < this.#everyBytes || this.#running !== undefined) return;
    if (earlyFlushes >= EARLY_FLUSHES_MAX) return;
    earlyFlushes += 1;
    this.#start().finally(() => {
      earlyFlushes -= 1;
    });
  }

  /** None is under way. Errors: as `wrote`. */
  async settle(): Promise<void> {
    await this.#idle();
    this.#throwFailure();
  }

  /** What was written until now is durable. Errors: as `wrote`. */
  async flush(): Promise<void> {
    // Nothing may come between the last look and the start: others wait here as well.
    while (this.#running !== undefined) await this.#running;
    this.#throwFailure();
    await this.#start();
    this.#throwFailure();
  }

  /** What failed to become durable is needed no more; resolves when no flush is under way. */
  async forget(): Promise<void> {
    await this.#idle();
    this.#failure = undefined;
  }

  async #idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #start(): Promise<void> {
    this.#bytes = 0;
    const running = this.#run();
    this.#running = running;
    return running;
  }

  /** Never rejects: a failure is kept for all callers until it is forgotten. */
  async #run(): Promise<void> {
    try {
      await this.#flush();
    } catch (error) {
      this.#failure ??= { error };
    } finally {
      this.#running = undefined;
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
