/** Bytes that arrived and were not read yet, in the chunks they came in. Pure. */
export class ByteQueue {
  #chunks: Buffer[] = [];
  /** Chunks before this one are read; they leave the array together, now and then. */
  #first = 0;
  #lengthBytes = 0;

  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#lengthBytes += chunk.length;
  }

  /** The next `lengthBytes` when one chunk holds them all, without copying. */
  takeWhole(lengthBytes: number): Buffer | undefined {
    const chunk = this.#chunks[this.#first];
    if (chunk === undefined || chunk.length < lengthBytes) return undefined;
    this.#advance(chunk, lengthBytes);
    return chunk.subarray(0, lengthBytes);
  }

  /** Moves what there is into `target` from `start`; returns how many bytes that were. */
  moveTo(target: Buffer, start: number): number {
    let position = start;
    while (position < target.length) {
      const chunk = this.#chunks[this.#first];
      if (chunk === undefined) break;
      const moved = chunk.copy(target, position);
      this.#advance(chunk, moved);
      position += moved;
    }
    return position - start;
  }

  clear(): void {
    this.#chunks = [];
    this.#first = 0;
    this.#lengthBytes = 0;
  }

  #advance(chunk: Buffer, lengthBytes: number): void {
    this.#lengthBytes -= lengthBytes;
    if (lengthBytes < chunk.length) {
      this.#chunks[this.#first] = chunk.subarray(lengthBytes);
      return;
    }
    this.#first += 1;
    if (this.#first < this.#chunks.length && this.#first < COMPACT_CHUNKS) return;
    this.#chunks.splice(0, this.#first);
    this.#first = 0;
  }
}

const COMPACT_CHUNKS = 64;
