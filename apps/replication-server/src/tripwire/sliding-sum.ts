/** Sums over the last so many ms, in buckets, and where in them things began. Time is given to it. */

/** A recovery point by number and by the source's wall clock. */
export interface PointInHistory {
  readonly epoch: number;
  readonly cutTimeMs: number;
}

interface Bucket {
  readonly number: number;
  bytes: number;
  pieces: number;
  readonly first: PointInHistory;
  readonly firstAtMs: number;
}

const BUCKETS = 30;

export class SlidingSum {
  readonly windowMs: number;
  #buckets: Bucket[] = [];

  constructor(windowMs: number) {
    this.windowMs = windowMs;
  }

  /** Times never go backwards. `first`: the first epoch of what is added. */
  add(atMs: number, added: { readonly bytes: number; readonly pieces: number }, first: PointInHistory): void {
    this.moveTo(atMs);
    const number = this.#numberOf(atMs);
    const last = this.#buckets.at(-1);
    if (last?.number !== number) {
      this.#buckets.push({ number, ...added, first, firstAtMs: atMs });
      return;
    }
    last.bytes += added.bytes;
    last.pieces += added.pieces;
  }

  /** Forgets what is too old. */
  moveTo(atMs: number): void {
    const oldest = this.#numberOf(atMs) - BUCKETS;
    while ((this.#buckets[0]?.number ?? Number.POSITIVE_INFINITY) <= oldest) this.#buckets.shift();
  }

  clear(): void {
    this.#buckets = [];
  }

  get bytes(): number {
    return this.#buckets.reduce((sum, bucket) => sum + bucket.bytes, 0);
  }

  get pieces(): number {
    return this.#buckets.reduce((sum, bucket) => sum + bucket.pieces, 0);
  }

  /** Of the oldest that is in it. */
  get first(): PointInHistory | undefined {
    return this.#buckets[0]?.first;
  }

  /** When that was added. */
  get firstAtMs(): number | undefined {
    return this.#buckets[0]?.firstAtMs;
  }

  #numberOf(atMs: number): number {
    return Math.floor((atMs * BUCKETS) / this.windowMs);
  }
}
