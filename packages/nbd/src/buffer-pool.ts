/**
 * Buffers of one size used again and again: fresh ones of this size cost page faults and garbage
 * collection.
 */
export class BufferPool {
  readonly unitBytes: number;
  readonly #freeMax: number;
  readonly #free: Buffer[] = [];

  constructor(options: { readonly unitBytes: number; readonly freeMax: number }) {
    this.unitBytes = options.unitBytes;
    this.#freeMax = options.freeMax;
  }

  /** Runs `use` with a buffer of `lengthBytes`, which is nobody's again when it has settled. */
  async lend<Result>(lengthBytes: number, use: (buffer: Buffer) => Promise<Result>): Promise<Result> {
    if (lengthBytes > this.unitBytes) return use(Buffer.allocUnsafeSlow(lengthBytes));
    const unit = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.unitBytes);
    try {
      return await use(unit.subarray(0, lengthBytes));
    } finally {
      if (this.#free.length < this.#freeMax) this.#free.push(unit);
    }
  }
}
