/**
 * How large a disk of the server was at each epoch (pure). A journal keeps every disk its server ever had, by
 * index: one that joined later had size 0 before, one that was taken out has size 0 from then on. So a
 * recovery point shows the disks that were there, as large as they were (J3), and nothing is ever renumbered.
 */
import { assert } from '@landfall/runtime';

export interface SizeChange {
  /** The first epoch at which the disk has this size. */
  readonly fromEpoch: number;
  /** 0: the server does not have the disk. */
  readonly sizeBytes: number;
}

/** In ascending order of `fromEpoch`; the size before the first one is 0. */
export type DiskSizes = readonly SizeChange[];

export const FIRST_EPOCH = 1;

export function sizeAt(sizes: DiskSizes, epoch: number): number {
  return sizes.findLast(({ fromEpoch }) => fromEpoch <= epoch)?.sizeBytes ?? 0;
}

/** The size the next epoch will have. */
export function currentSize(sizes: DiskSizes): number {
  return sizes.at(-1)?.sizeBytes ?? 0;
}

/** Changes of epochs that never came to be are replaced; a change to the same size is none. */
export function withSize(sizes: DiskSizes, change: SizeChange): DiskSizes {
  const kept = sizes.filter(({ fromEpoch }) => fromEpoch < change.fromEpoch);
  return currentSize(kept) === change.sizeBytes ? kept : [...kept, change];
}

export function checkSizes(sizes: DiskSizes): boolean {
  return sizes.every(
    ({ fromEpoch }, index) => fromEpoch >= FIRST_EPOCH && fromEpoch > (sizes[index - 1]?.fromEpoch ?? 0),
  );
}

export function newSizes(sizeBytes: number): DiskSizes {
  assert(Number.isSafeInteger(sizeBytes) && sizeBytes > 0, 'a disk has a size');
  return [{ fromEpoch: FIRST_EPOCH, sizeBytes }];
}
