/**
 * What a scrub found wrong, and which recovery points see it (J6). Whoever reads one of those points gets
 * EXTENT_DAMAGED for the range, never wrong bytes; the others are as they were.
 */
import type { DiskJournal } from '../group/disk-journal.ts';
import { type ResolvedPiece, resolveRange } from '../views/resolve-range.ts';

/**
 * EXTENT, BASE and TABLE have a range of the disk that cannot be read. COMMIT, INDEX, HEADER and DOCUMENT are
 * of the files themselves: every byte of every disk can still be read, and the journal may not open again.
 */
export type DamageKind = 'EXTENT' | 'BASE' | 'TABLE' | 'COMMIT' | 'INDEX' | 'HEADER' | 'DOCUMENT';

export interface JournalDamage {
  readonly kind: DamageKind;
  /** Relative to the journal's folder. */
  readonly path: string;
  readonly positionBytes: number;
  readonly what: string;
  /** Absent of `group.json`, which is of all disks. */
  readonly diskId?: string;
  readonly range?: DamagedRange;
}

export interface DamagedRange {
  readonly diskIndex: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** The recovery points that see a byte of it; absent when all of it is overwritten in each of them. */
  readonly epochs?: { readonly first: number; readonly last: number };
  /** The newest recovery point is one of them: the source can be asked for the bytes again. */
  readonly isInNewest: boolean;
}

/** A place in the files, however often it is found. */
export function damageKey({ path, positionBytes }: JournalDamage): string {
  return `${path}@${positionBytes}`;
}

export interface SeenRange {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** The first epoch that could see it. */
  readonly fromEpoch: number;
  /** Whether a piece of the disk comes from the damaged place. */
  readonly isFrom: (piece: ResolvedPiece) => boolean;
}

/**
 * Once a record is covered by newer ones it stays covered, so the last epoch that sees it is found by
 * halving.
 */
export function rangeSeen(disk: DiskJournal, lastEpoch: number, seen: SeenRange): DamagedRange {
  const { offsetBytes, lengthBytes, fromEpoch, isFrom } = seen;
  const bounds = { fromBytes: offsetBytes, toBytes: offsetBytes + lengthBytes };
  const sees = (epoch: number) => resolveRange(disk.segments, epoch, bounds).some(isFrom);
  const place = { diskIndex: disk.diskIndex, offsetBytes, lengthBytes };
  if (fromEpoch > lastEpoch || !sees(fromEpoch)) return { ...place, isInNewest: false };
  let last = fromEpoch;
  let hidden = lastEpoch + 1;
  while (hidden - last > 1) {
    const middle = Math.floor((last + hidden) / 2);
    if (sees(middle)) last = middle;
    else hidden = middle;
  }
  const isInNewest = last === lastEpoch && offsetBytes < disk.sizeBytes;
  return { ...place, epochs: { first: fromEpoch, last }, isInNewest };
}

/** As it stands now: newer epochs may have hidden it since. */
export function seenNow(
  disks: readonly DiskJournal[],
  lastEpoch: number,
  damage: JournalDamage,
): JournalDamage {
  const { range, kind, path, positionBytes } = damage;
  const disk = disks[range?.diskIndex ?? -1];
  if (range?.epochs === undefined || disk === undefined) return damage;
  const isFrom = ({ source }: ResolvedPiece) =>
    kind === 'EXTENT'
      ? source?.segment.path === path && source.extent.positionBytes === positionBytes
      : source === undefined;
  const seen = { ...range, fromEpoch: range.epochs.first, isFrom };
  return { ...damage, range: rangeSeen(disk, lastEpoch, seen) };
}
