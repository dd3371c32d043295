/**
 * A set of bytes of one disk as sorted, merged ranges. Bounded: past `rangesMax` neighbours are joined over
 * their gaps by doubling the granularity, so the set may then hold more than was added, never less. That is
 * always safe for what it is used for: bytes to send again.
 */

import { type Extent, endOf } from '@landfall/block';
import { assert } from '@landfall/runtime';

export const RANGES_MAX = 65_536;
const GRANULARITY_INITIAL = 64 * 1024;

export class ExtentSet {
  readonly #rangesMax: number;
  #starts: number[] = [];
  #ends: number[] = [];
  #granularityBytes = GRANULARITY_INITIAL;

  constructor(rangesMax = RANGES_MAX) {
    this.#rangesMax = rangesMax;
  }

  get isEmpty(): boolean {
    return this.#starts.length === 0;
  }

  add(extent: Extent): void {
    assert(extent.lengthBytes > 0, 'an extent has a length');
    this.#insert(extent.offsetBytes, endOf(extent));
    while (this.#starts.length > this.#rangesMax) this.#coarsen();
  }

  addAll(other: ExtentSet): void {
    for (const extent of other.extents()) this.add(extent);
  }

  *extents(): Generator<Extent> {
    for (const [index, start] of this.#starts.entries()) {
      yield { offsetBytes: start, lengthBytes: (this.#ends[index] ?? start) - start };
    }
  }

  /** Replaces every range that touches [start, end) with their union. */
  #insert(start: number, end: number): void {
    const first = firstAtLeast(this.#ends, start);
    let last = first;
    let [mergedStart, mergedEnd] = [start, end];
    while (last < this.#starts.length && (this.#starts[last] ?? 0) <= end) {
      mergedStart = Math.min(mergedStart, this.#starts[last] ?? mergedStart);
      mergedEnd = Math.max(mergedEnd, this.#ends[last] ?? mergedEnd);
      last += 1;
    }
    this.#starts.splice(first, last - first, mergedStart);
    this.#ends.splice(first, last - first, mergedEnd);
  }

  #coarsen(): void {
    const [starts, ends, granularity] = [this.#starts, this.#ends, this.#granularityBytes];
    this.#starts = [];
    this.#ends = [];
    for (const [index, start] of starts.entries()) {
      const previous = this.#ends.length - 1;
      const end = ends[index] ?? start;
      if (previous >= 0 && start - (this.#ends[previous] ?? 0) <= granularity) this.#ends[previous] = end;
      else {
        this.#starts.push(start);
        this.#ends.push(end);
      }
    }
    this.#granularityBytes *= 2;
  }
}

/** Index of the first value ≥ `wanted`; the length when there is none. */
function firstAtLeast(sorted: readonly number[], wanted: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
