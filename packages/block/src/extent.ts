/** A range of bytes of one disk. */
export interface Extent {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export function endOf(extent: Extent): number {
  return extent.offsetBytes + extent.lengthBytes;
}

export function overlaps(left: Extent, right: Extent): boolean {
  return left.offsetBytes < endOf(right) && right.offsetBytes < endOf(left);
}
