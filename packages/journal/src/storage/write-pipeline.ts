/**
 * Writes of the first sync, several under way at once, so that the storage works while the next bytes arrive
 * and are checked.
 *
 * W1 writes of one chunk happen in the order they were added.
 * W2 at most `bytesMax` are under way (one larger write may be, alone).
 * W3 the first failure is told once: by the next `add`, or by `settle`.
 */
export class WritePipeline {
  readonly #bytesMax: number;
  /** The last write of each chunk that has writes under way. */
  readonly #lastOf = new Map<number, Promise<void>>();
  #bytes = 0;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Resolves when the write has begun or is next in line. One caller at a time. */
  async add(chunk: number, bytes: number, write: () => Promise<void>): Promise<void> {
    while (this.#bytes > 0 && this.#bytes + bytes > this.#bytesMax) await this.#someEnd();
    this.#throwFailure();
    this.#bytes += bytes;
    const ended = this.#after(this.#lastOf.get(chunk), write).then(() => {
      this.#bytes -= bytes;
      if (this.#lastOf.get(chunk) === ended) this.#lastOf.delete(chunk);
      this.#wake?.();
    });
    this.#lastOf.set(chunk, ended);
  }

  get chunksUnderWay(): number {
    return this.#lastOf.size;
  }

  /** Whether a write of the chunk is under way. */
  has(chunk: number): boolean {
    return this.#lastOf.has(chunk);
  }

  /** Resolves when nothing is under way. Errors: that of the first write that failed. */
  async settle(): Promise<void> {
    await Promise.all(this.#lastOf.values());
    this.#throwFailure();
  }

  /** Never rejects: the failure is kept for the next caller (W3). */
  async #after(before: Promise<void> | undefined, write: () => Promise<void>): Promise<void> {
    await before;
    try {
      await write();
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  #someEnd(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }
}
