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

export interface BufferPoolOptions {
  readonly unitBytes: number;
  /** Buffers given back beyond so many are garbage. */
  readonly freeMax: number;
  /** Makes a buffer of `unitBytes` where memory of any kind will not do. */
  readonly allocate?: () => Buffer;
}

export class BufferPool {
  readonly unitBytes: number;
  readonly #freeMax: number;
  readonly #allocate: () => Buffer;
  readonly #free: Buffer[] = [];

  constructor(options: BufferPoolOptions) {
    this.unitBytes = options.unitBytes;
    this.#freeMax = options.freeMax;
    this.#allocate = options.allocate ?? (() => Buffer.allocUnsafeSlow(this.unitBytes));
  }

  /** A buffer of `lengthBytes`; one larger than the unit is made for the occasion. */
  take(lengthBytes: number): LentBuffer {
    if (lengthBytes > this.unitBytes) {
      return { bytes: Buffer.allocUnsafeSlow(lengthBytes), release: () => undefined };
    }
    const unit = this.#free.pop() ?? this.#allocate();
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
