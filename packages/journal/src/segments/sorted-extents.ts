/**
 * Where the extents of a segment are, in memory: 16 bytes an extent in typed arrays (24 where offsets or
 * positions do not fit the small form of `WholeColumn`), sorted by offset and then by position in the file.
 * Extents of different epochs overlap, so a query has to find every extent that reaches into a range: blocks
 * of 64 keep the largest end in them (`blockEnds`) and in everything before (`prefixEnds`), which bounds the
 * walk to the left even when one zero range is huge and the others are 4 KiB.
 */
import { WholeColumn } from './whole-column.ts';

export interface IndexedExtent {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Of its record header in the segment file. */
  readonly positionBytes: number;
  /** 0: reads as zeroes. */
  readonly payloadBytes: number;
}

export interface ExtentQuery {
  readonly fromBytes: number;
  readonly toBytes: number;
  /** Only records before this position: how a view stops at its recovery point. */
  readonly beforePositionBytes: number;
}

export interface ExtentColumns {
  readonly offsets: WholeColumn;
  readonly positions: WholeColumn;
  readonly lengths: Uint32Array;
  readonly payloads: Uint32Array;
}

const BLOCK_EXTENTS = 64;

export function allocateColumns(count: number): ExtentColumns {
  return {
    offsets: WholeColumn.allocate(count),
    positions: WholeColumn.allocate(count),
    lengths: new Uint32Array(count),
    payloads: new Uint32Array(count),
  };
}

export function copyRow(from: ExtentColumns, row: number, to: ExtentColumns, target: number): void {
  to.offsets.set(target, from.offsets.at(row));
  to.positions.set(target, from.positions.at(row));
  to.lengths[target] = from.lengths[row] as number;
  to.payloads[target] = from.payloads[row] as number;
}

export function rowOf(columns: ExtentColumns, row: number): IndexedExtent {
  return {
    offsetBytes: columns.offsets.at(row),
    lengthBytes: columns.lengths[row] as number,
    positionBytes: columns.positions.at(row),
    payloadBytes: columns.payloads[row] as number,
  };
}

export function rowMatches(columns: ExtentColumns, row: number, query: ExtentQuery): boolean {
  const offset = columns.offsets.at(row);
  if (offset >= query.toBytes || offset + (columns.lengths[row] as number) <= query.fromBytes) return false;
  return columns.positions.at(row) < query.beforePositionBytes;
}

/** Negative, zero or positive, as rows sort: by offset, then by position. */
export function compareRows(
  left: ExtentColumns,
  leftRow: number,
  right: ExtentColumns,
  rightRow: number,
): number {
  const byOffset = left.offsets.at(leftRow) - right.offsets.at(rightRow);
  if (byOffset !== 0) return byOffset;
  return left.positions.at(leftRow) - right.positions.at(rightRow);
}

export class SortedExtents {
  readonly columns: ExtentColumns;
  readonly count: number;
  readonly #blockEnds: Float64Array;
  readonly #prefixEnds: Float64Array;

  /** `columns` is sorted already and is not changed any more. */
  constructor(columns: ExtentColumns) {
    this.columns = columns;
    this.count = columns.lengths.length;
    const blocks = Math.ceil(this.count / BLOCK_EXTENTS);
    this.#blockEnds = new Float64Array(blocks);
    this.#prefixEnds = new Float64Array(blocks);
    for (let block = 0; block < blocks; block += 1) {
      const end = this.#endOfBlock(block);
      this.#blockEnds[block] = end;
      this.#prefixEnds[block] = block === 0 ? end : Math.max(end, this.#prefixEnds[block - 1] as number);
    }
  }

  /** Adds every extent that matches to `found`, in no order. */
  collect(query: ExtentQuery, found: IndexedExtent[]): void {
    const rows = this.#firstRowFrom(query.toBytes);
    for (let block = Math.ceil(rows / BLOCK_EXTENTS) - 1; block >= 0; block -= 1) {
      if ((this.#prefixEnds[block] as number) <= query.fromBytes) return;
      if ((this.#blockEnds[block] as number) <= query.fromBytes) continue;
      const end = Math.min(rows, (block + 1) * BLOCK_EXTENTS);
      for (let row = block * BLOCK_EXTENTS; row < end; row += 1) {
        if (rowMatches(this.columns, row, query)) found.push(rowOf(this.columns, row));
      }
    }
  }

  /** Every extent, in the order of the file. */
  byPosition(): IndexedExtent[] {
    const rows = Array.from({ length: this.count }, (_, row) => rowOf(this.columns, row));
    return rows.sort((left, right) => left.positionBytes - right.positionBytes);
  }

  /** Every extent, in the order of the disk, without making an object of each. */
  forEachRange(visit: (offsetBytes: number, lengthBytes: number) => void): void {
    const { offsets, lengths } = this.columns;
    for (let row = 0; row < this.count; row += 1) visit(offsets.at(row), lengths[row] as number);
  }

  #endOfBlock(block: number): number {
    const last = Math.min(this.count, (block + 1) * BLOCK_EXTENTS);
    let end = 0;
    for (let row = block * BLOCK_EXTENTS; row < last; row += 1) {
      const rowEnd = this.columns.offsets.at(row) + (this.columns.lengths[row] as number);
      if (rowEnd > end) end = rowEnd;
    }
    return end;
  }

  /** The number of rows whose offset is below `offsetBytes`. */
  #firstRowFrom(offsetBytes: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.columns.offsets.at(middle) < offsetBytes) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export function mergeSorted(left: ExtentColumns, right: ExtentColumns): ExtentColumns {
  const leftCount = left.lengths.length;
  const rightCount = right.lengths.length;
  const merged = allocateColumns(leftCount + rightCount);
  let leftRow = 0;
  let rightRow = 0;
  for (let target = 0; target < merged.lengths.length; target += 1) {
    const takeLeft =
      rightRow >= rightCount || (leftRow < leftCount && compareRows(left, leftRow, right, rightRow) < 0);
    if (takeLeft) copyRow(left, leftRow++, merged, target);
    else copyRow(right, rightRow++, merged, target);
  }
  return merged;
}
