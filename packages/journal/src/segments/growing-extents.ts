/**
 * The index of the segment that is still written: a small unsorted buffer, and sorted runs that are merged
 * whenever a newer one has grown to half of the one before, so that there are at most log n of them and an
 * extent moves at most log n times. When the segment is sealed the runs are merged into its final index.
 */
import {
  allocateColumns,
  compareRows,
  copyRow,
  type ExtentColumns,
  type ExtentQuery,
  type IndexedExtent,
  mergeSorted,
  rowMatches,
  rowOf,
  SortedExtents,
} from './sorted-extents.ts';

const BUFFER_EXTENTS = 512;

export class GrowingExtents {
  #runs: SortedExtents[] = [];
  #buffer = allocateColumns(BUFFER_EXTENTS);
  #buffered = 0;

  get count(): number {
    return this.#runs.reduce((sum, run) => sum + run.count, this.#buffered);
  }

  add(extent: IndexedExtent): void {
    const row = this.#buffered;
    this.#buffer.offsets.set(row, extent.offsetBytes);
    this.#buffer.positions.set(row, extent.positionBytes);
    this.#buffer.lengths[row] = extent.lengthBytes;
    this.#buffer.payloads[row] = extent.payloadBytes;
    this.#buffered += 1;
    if (this.#buffered === BUFFER_EXTENTS) this.#sortBuffer();
  }

  collect(query: ExtentQuery, found: IndexedExtent[]): void {
    for (const run of this.#runs) run.collect(query, found);
    for (let row = 0; row < this.#buffered; row += 1) {
      if (rowMatches(this.#buffer, row, query)) found.push(rowOf(this.#buffer, row));
    }
  }

  /** Forgets every extent at or after a position: an epoch that was dropped, a tail that was cut off. */
  cutFrom(positionBytes: number): void {
    const kept = this.sorted();
    const { positions } = kept;
    let count = 0;
    for (let row = 0; row < positions.count; row += 1) if (positions.at(row) < positionBytes) count += 1;
    const columns = allocateColumns(count);
    let target = 0;
    for (let row = 0; row < positions.count; row += 1) {
      if (positions.at(row) < positionBytes) copyRow(kept, row, columns, target++);
    }
    this.#runs = count === 0 ? [] : [new SortedExtents(columns)];
    this.#buffered = 0;
  }

  /** Everything, in the order of a sealed index. */
  sorted(): ExtentColumns {
    let columns = this.#bufferColumns();
    for (const run of this.#runs.toReversed()) columns = mergeSorted(run.columns, columns);
    return columns;
  }

  #sortBuffer(): void {
    let columns = this.#bufferColumns();
    for (;;) {
      const before = this.#runs.at(-1);
      if (before === undefined || before.count > columns.lengths.length * 2) break;
      columns = mergeSorted(before.columns, columns);
      this.#runs = this.#runs.slice(0, -1);
    }
    this.#runs = [...this.#runs, new SortedExtents(columns)];
    this.#buffered = 0;
  }

  #bufferColumns(): ExtentColumns {
    const order = Array.from({ length: this.#buffered }, (_, row) => row);
    order.sort((left, right) => compareRows(this.#buffer, left, this.#buffer, right));
    const columns = allocateColumns(this.#buffered);
    order.forEach((row, target) => {
      copyRow(this.#buffer, row, columns, target);
    });
    return columns;
  }
}
