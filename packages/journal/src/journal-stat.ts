/**
 * What a journal takes, and what for (J5): every byte of its folder is in exactly one of these numbers. Taken
 * while the journal is written, so it is the truth of a moment that lasts as long as looking does.
 */
import type { DiskJournal } from './disk-journal.ts';
import type { JournalFiles } from './journal-files.ts';
import type { PointsLedger } from './points-ledger.ts';
import type { RecoveryPointList } from './recovery-points.ts';
import { type RetentionTier, tierOf } from './retention-policy.ts';
import type { SegmentLeases } from './segment-leases.ts';

export interface TierStat {
  readonly everyMs: number;
  readonly forMs: number;
  /** Recovery points whose age is that of the tier, named and locked ones included. */
  readonly points: number;
  /** Segments whose newest epoch is that old. */
  readonly segmentBytes: number;
}

export interface JournalStat {
  /** Bytes of storage, holes not counted: the sum of all the others. */
  readonly totalBytes: number;
  readonly baseBytes: number;
  readonly tableBytes: number;
  readonly tiers: readonly TierStat[];
  /** Older than all tiers: what is named, locked or being read, or not dropped yet. */
  readonly older: Pick<TierStat, 'points' | 'segmentBytes'>;
  /** Segments that were replaced and that views still read. */
  readonly heldBytes: number;
  /** Documents, folders, and what the storage rounds up. */
  readonly otherBytes: number;
  readonly pinnedPoints: number;
  readonly lockedPoints: number;
}

export interface StatOptions {
  readonly files: JournalFiles;
  readonly disks: readonly DiskJournal[];
  readonly points: RecoveryPointList;
  readonly ledger: PointsLedger;
  readonly leases: SegmentLeases;
  readonly tiers: readonly RetentionTier[];
}

export async function statJournal(options: StatOptions): Promise<JournalStat> {
  const { files, disks, points, ledger, leases, tiers } = options;
  const aged = points.aged();
  const tierOfEpoch = (epoch: number) => {
    const point = points.firstFrom(epoch);
    const timelineMs = points.timelineOf(point) ?? points.timelineMs;
    return tierOf(tiers, timelineMs, points.timelineMs);
  };
  const pointsOf = counts(tiers.length + 1, aged, ({ timelineMs }) => ({
    row: tierOf(tiers, timelineMs, points.timelineMs),
    amount: 1,
  }));
  const segments = disks.flatMap((disk) => disk.segments.map((segment) => ({ disk, segment })));
  const bytesOf = counts(tiers.length + 1, segments, ({ disk, segment }) => ({
    row: segment.commits.lastEpoch === undefined ? 0 : tierOfEpoch(segment.commits.lastEpoch),
    amount: disk.segmentBytes(segment),
  }));
  const totalBytes = await files.allocatedBytes();
  const baseBytes = await sumOf(
    files,
    disks.map(({ base }) => base.path),
  );
  const tableBytes = await sumOf(
    files,
    disks.flatMap((disk) => disk.tablePaths),
  );
  const heldBytes = await sumOf(files, leases.retiredPaths);
  const segmentBytes = bytesOf.reduce((sum, bytes) => sum + bytes, 0);
  const row = (index: number) => ({
    points: pointsOf[index] ?? 0,
    segmentBytes: bytesOf[index] ?? 0,
  });
  return {
    totalBytes,
    baseBytes,
    tableBytes,
    tiers: tiers.map(({ everyMs, forMs }, index) => ({ everyMs, forMs, ...row(index) })),
    older: row(tiers.length),
    heldBytes,
    otherBytes: totalBytes - baseBytes - tableBytes - heldBytes - segmentBytes,
    pinnedPoints: ledger.pins.length,
    lockedPoints: ledger.locks.length,
  };
}

function counts<Item>(
  rows: number,
  items: readonly Item[],
  count: (item: Item) => { readonly row: number; readonly amount: number },
): number[] {
  const sums = Array.from({ length: rows }, () => 0);
  for (const item of items) {
    const { row, amount } = count(item);
    sums[row] = (sums[row] ?? 0) + amount;
  }
  return sums;
}

async function sumOf(files: JournalFiles, paths: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const path of paths) bytes += await files.allocatedBytes(path);
  return bytes;
}
