/**
 * For every byte of a disk, the epoch that overwrote it next, while records are visited from the newest to
 * the oldest. A segment tree over the borders of all records: asking for the largest value of a range and
 * setting a range take logarithmic time each, however much the records overlap.
 */
import { assert } from '@landfall/runtime';

export class OverwriteMap {
  /** Distinct borders in ascending order; interval `i` is from border `i` to border `i + 1`. */
  readonly #borders: Float64Array;
  /** Of each node: the largest value in its intervals. */
  readonly #largest: Float64Array;
  /** Of each node: the value all its intervals have; NaN when they differ. */
  readonly #common: Float64Array;
  readonly #leaves: number;

  constructor(borders: Float64Array) {
    this.#borders = distinct(borders);
    this.#leaves = Math.max(1, 2 ** Math.ceil(Math.log2(Math.max(1, this.#borders.length))));
    this.#largest = new Float64Array(2 * this.#leaves).fill(Number.POSITIVE_INFINITY);
    this.#common = new Float64Array(2 * this.#leaves).fill(Number.POSITIVE_INFINITY);
  }

  /** The largest epoch that overwrote a byte of the range; Infinity when one is not overwritten. */
  largest(fromBytes: number, toBytes: number): number {
    return this.#largestIn(1, 0, this.#leaves, this.#range(fromBytes, toBytes));
  }

  /** The whole range was overwritten at `epoch`. */
  set(fromBytes: number, toBytes: number, epoch: number): void {
    this.#setIn(1, 0, this.#leaves, { ...this.#range(fromBytes, toBytes), epoch });
  }

  #largestIn(node: number, from: number, to: number, range: IntervalRange): number {
    if (range.to <= from || range.from >= to) return Number.NEGATIVE_INFINITY;
    if (range.from <= from && to <= range.to) return this.#largest[node] as number;
    const common = this.#common[node] as number;
    if (!Number.isNaN(common)) return common;
    const middle = (from + to) / 2;
    const left = this.#largestIn(2 * node, from, middle, range);
    return Math.max(left, this.#largestIn(2 * node + 1, middle, to, range));
  }

  #setIn(node: number, from: number, to: number, range: IntervalRange & { readonly epoch: number }): void {
    if (range.to <= from || range.from >= to) return;
    if (range.from <= from && to <= range.to) {
      this.#largest[node] = range.epoch;
      this.#common[node] = range.epoch;
      return;
    }
    const common = this.#common[node] as number;
    for (const child of Number.isNaN(common) ? [] : [2 * node, 2 * node + 1]) {
      this.#largest[child] = common;
      this.#common[child] = common;
    }
    this.#common[node] = Number.NaN;
    const middle = (from + to) / 2;
    this.#setIn(2 * node, from, middle, range);
    this.#setIn(2 * node + 1, middle, to, range);
    this.#largest[node] = Math.max(this.#largest[2 * node] as number, this.#largest[2 * node + 1] as number);
  }

  #range(fromBytes: number, toBytes: number): IntervalRange {
    const range = { from: this.#indexOf(fromBytes), to: this.#indexOf(toBytes) };
    assert(range.from < range.to, 'a record covers at least one interval');
    return range;
  }

  #indexOf(border: number): number {
    let low = 0;
    let high = this.#borders.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#borders[middle] as number) < border) low = middle + 1;
      else high = middle;
    }
    assert(this.#borders[low] === border, `${border} is not a border of a record`);
    return low;
  }
}

interface IntervalRange {
  readonly from: number;
  readonly to: number;
}

function distinct(borders: Float64Array): Float64Array {
  const sorted = borders.toSorted();
  return sorted.filter((border, index) => index === 0 || border !== sorted[index - 1]);
}
