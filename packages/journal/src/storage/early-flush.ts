/**
 * Has the storage write what was written to a file while more arrives. Otherwise everything that still lies
 * in the page cache is written when the first commit waits for it: seconds at the end of a first sync.
 */
export class EarlyFlush {
  readonly #flush: () => Promise<void>;
  readonly #everyBytes: number;
  #bytes = 0;
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** `flush`: makes what was written to the file until now durable. */
  constructor(flush: () => Promise<void>, everyBytes: number) {
    this.#flush = flush;
    this.#everyBytes = everyBytes;
  }

  /** So many bytes were written. Errors: that of an earlier flush, once. */
  wrote(bytes: number): void {
    this.#throwFailure();
    this.#bytes += bytes;
    if (this.#bytes < this.#everyBytes || this.#running !== undefined) return;
    this.#bytes = 0;
    this.#running = this.#run();
  }

  /** None is under way. Errors: as `wrote`. */
  async settle(): Promise<void> {
    await this.#running;
    this.#throwFailure();
  }

  /** Never rejects: a failure is kept for the next caller. */
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
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }
}
