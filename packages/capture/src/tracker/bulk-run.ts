/** What is read at once in bulk: neighbouring blocks of one disk, inside one 1 MiB of it. */

import type { DiskRange } from '../tracing/trace-source.ts';
import type { BlockRange } from './dirty-map.ts';
import type { DiskChanges } from './disk-changes.ts';
import { BLOCK_BYTES } from './read-ticket.ts';

const BULK_EXTENT_BYTES_MAX = 1024 * 1024;

export interface BulkRun extends BlockRange {
  readonly diskIndex: number;
}

/**
 * The first run of changed blocks (dirty ones, or when there are none discarded ones), inside one 1 MiB of
 * the disk.
 */
export function firstRun(disk: DiskChanges, blocksMax: number): BlockRange | undefined {
  if (blocksMax <= 0) return undefined;
  const map = disk.dirty.count > 0 ? disk.dirty : disk.discarded;
  const firstBlock = map.firstDirty();
  if (firstBlock === undefined) return undefined;
  const blocksPerExtent = BULK_EXTENT_BYTES_MAX / BLOCK_BYTES;
  const untilBoundary = blocksPerExtent - (firstBlock % blocksPerExtent);
  return map.firstRun(firstBlock, Math.min(blocksMax, untilBoundary));
}

/** In bytes, ending with the disk. */
export function placeOfRun({ diskIndex, firstBlock, blockCount }: BulkRun, diskSizeBytes: number): DiskRange {
  const offsetBytes = firstBlock * BLOCK_BYTES;
  const endBytes = Math.min(offsetBytes + blockCount * BLOCK_BYTES, diskSizeBytes);
  return { diskIndex, offsetBytes, lengthBytes: endBytes - offsetBytes };
}
