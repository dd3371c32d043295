/** Finding zeroes in bytes, and lists of allocation extents without gaps or equal neighbours. */
import type { AllocationExtent } from './block-device.ts';

const ZEROES = Buffer.alloc(64 * 1024);

export function isZero(content: Buffer): boolean {
  for (let start = 0; start < content.length; start += ZEROES.length) {
    const end = Math.min(start + ZEROES.length, content.length);
    if (content.compare(ZEROES, 0, end - start, start, end) !== 0) return false;
  }
  return true;
}

/**
 * What of `content`, which lies at `offsetBytes`, is zero, in order and without gaps. Looks at whole
 * granules counted from offset 0 of the device, so that neighbouring requests find the same borders.
 */
export function zeroRuns(content: Buffer, offsetBytes: number, granuleBytes: number): AllocationExtent[] {
  const runs: AllocationExtent[] = [];
  let start = 0;
  while (start < content.length) {
    const toBorder = granuleBytes - ((offsetBytes + start) % granuleBytes);
    const end = Math.min(start + toBorder, content.length);
    const zero = isZero(content.subarray(start, end));
    appendExtent(runs, { offsetBytes: offsetBytes + start, lengthBytes: end - start, zero });
    start = end;
  }
  return runs;
}

/** Appends, or lengthens the last extent when the new one continues it. */
export function appendExtent(extents: AllocationExtent[], next: AllocationExtent): void {
  const last = extents.at(-1);
  if (last === undefined || last.zero !== next.zero) {
    extents.push(next);
    return;
  }
  extents[extents.length - 1] = { ...last, lengthBytes: last.lengthBytes + next.lengthBytes };
}
