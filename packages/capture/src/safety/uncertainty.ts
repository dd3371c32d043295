/**
 * Which blocks may differ from the replica, as a value that can be kept and given back: what the tracker
 * knows of, and, beside it, plain extents of what was taken from it.
 *
 * U1 a block that is in none of the parts, and that no event committed after the value was made touches, is
 *    equal on the disk and in every epoch of the replica from the acknowledged one on.
 */
import type { Extent } from '@landfall/block';
import type { CaptureEngine } from '../engine/capture-engine.ts';
import type { Timeline } from '../tracing/timeline.ts';
import type { DiskRange } from '../tracing/trace-source.ts';
import { type DirtyMapCopy, runsOf } from '../tracker/dirty-map.ts';
import type { DiskChanges } from '../tracker/disk-changes.ts';
import { BLOCK_BYTES } from '../tracker/read-ticket.ts';

export interface DiskUncertainty {
  readonly dirty: DirtyMapCopy;
  /** Only discarded: no cut waits for these. */
  readonly discarded: DirtyMapCopy;
  readonly extents: readonly Extent[];
}

export type Uncertainty =
  | {
      readonly kind: 'KNOWN';
      /** False while writes begun before tracking may be in flight. */
      readonly isSettled: boolean;
      readonly disks: readonly DiskUncertainty[];
      /** By the engine, last: its taker may not have it in hand yet. */
      readonly handedOver: readonly DiskRange[];
    }
  | { readonly kind: 'UNKNOWN'; readonly why: string };

export function unknownBecause(why: string): Uncertainty {
  return { kind: 'UNKNOWN', why };
}

/** Of extents, only where they are. */
export function placesOf(extents: readonly DiskRange[]): DiskRange[] {
  return extents.map(({ diskIndex, offsetBytes, lengthBytes }) => ({ diskIndex, offsetBytes, lengthBytes }));
}

/** The maps, the requests in flight, and what has surfaced but is not in the maps yet. */
export function uncertaintyOf(disks: readonly DiskChanges[], timeline: Timeline): DiskUncertainty[] {
  const extents: Extent[][] = disks.map(() => []);
  const add = (diskIndex: number, { sector, sectorCount }: { sector: number; sectorCount: number }) => {
    extents[diskIndex]?.push({ offsetBytes: sector * 512, lengthBytes: sectorCount * 512 });
  };
  for (const { inFlight, diskIndex } of disks) {
    inFlight.forEach((request) => {
      add(diskIndex, request);
    });
  }
  timeline.forEachPending((item) => {
    if (item.type === 'event' && item.event.operation !== 'read') add(item.event.diskIndex, item.event);
  });
  return disks.map(({ dirty, discarded, diskIndex }) => ({
    dirty: dirty.copy(),
    discarded: discarded.copy(),
    extents: extents[diskIndex] ?? [],
  }));
}

/** The same with more extents. */
export function withExtents(
  disks: readonly DiskUncertainty[],
  ranges: Iterable<DiskRange>,
): readonly DiskUncertainty[] {
  const added: Extent[][] = disks.map(({ extents }) => [...extents]);
  for (const { diskIndex, offsetBytes, lengthBytes } of ranges) {
    added[diskIndex]?.push({ offsetBytes, lengthBytes });
  }
  return disks.map((disk, index) => ({ ...disk, extents: added[index] ?? [] }));
}

export type UncertaintySink = Pick<CaptureEngine, 'markDirty' | 'markDiscarded'>;

/**
 * Gives it all back. What is dirty in one value stays dirty, whatever is discarded in another: so all that is
 * dirty goes first.
 */
export function restoreUncertainty(
  values: readonly (readonly DiskUncertainty[])[],
  sink: UncertaintySink,
): void {
  for (const disks of values) {
    for (const [index, { dirty, extents }] of disks.entries()) {
      for (const extent of extentsOfMap(dirty)) sink.markDirty(index, extent);
      for (const extent of extents) sink.markDirty(index, extent);
    }
  }
  for (const disks of values) {
    for (const [index, { discarded }] of disks.entries()) {
      for (const extent of extentsOfMap(discarded)) sink.markDiscarded(index, extent);
    }
  }
}

function* extentsOfMap(map: DirtyMapCopy): Generator<Extent> {
  for (const { firstBlock, blockCount } of runsOf(map)) {
    yield { offsetBytes: firstBlock * BLOCK_BYTES, lengthBytes: blockCount * BLOCK_BYTES };
  }
}
