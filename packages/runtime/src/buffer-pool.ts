/**
 * Buffers of one size used again and again: fresh ones of this size cost page faults and garbage collection.
 * Giving a buffer back is an optimization only: one that never comes back is garbage like any other. Giving
 * it back too early is a defect, for somebody else writes to it then.
 */
import { assert } from './assert.ts';

/** A buffer on loan. */
export interface LentBuffer {
  readonly bytes: Buffer;
  /** Nobody uses `bytes` any more. At most once. */
  readonly release: () => void;
}

export class BufferPool {
  readonly unitBytes: number;
  readonly #freeMax: number;
  readonly #free: Buffer[] = [];

  constructor(options: { readonly unitBytes: number; readonly freeMax: number }) {
    this.unitBytes = options.unitBytes;
    this.#freeMax = options.freeMax;
  }

  /** A buffer of `lengthBytes`; one larger than the unit is made for the occasion. */
  take(lengthBytes: number): LentBuffer {
    if (lengthBytes > this.unitBytes) {
      return { bytes: Buffer.allocUnsafeSlow(lengthBytes), release: () => undefined };
    }
    const unit = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.unitBytes);
    let isOut = true;
    const release = () => {
      assert(isOut, 'a buffer is given back once');
      isOut = false;
      if (this.#free.length < this.#freeMax) this.#free.push(unit);
    };
    return { bytes: unit.subarray(0, lengthBytes), release };
  }

  /** Runs `use` with a buffer of `lengthBytes`, which is nobody's again when it has settled. */
  async lend<Result>(lengthBytes: number, use: (buffer: Buffer) => Promise<Result>): Promise<Result> {
    const { bytes, release } = this.take(lengthBytes);
    try {
      return await use(bytes);
    } finally {
      release();
    }
  }
}
