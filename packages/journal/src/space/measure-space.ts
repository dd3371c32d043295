/**
 * What a journal takes, and what for (J5). Taken while the journal is written, of one moment: which files
 * there are is noted at once, and none of them goes before its size is known. Their records are counted
 * afterwards, from the indexes in memory: that takes its time, and keeps no file. What is written meanwhile
 * is in `otherBytes`.
 *
 * Records are counted with their headers and their rows of the index; what is left of a file, and what the
 * storage rounds up, is `otherBytes` as well: at most 168 bytes and a block of the file system for each
 * segment, 4112 more when it is encrypted. On a file system that compresses it may be less than nothing,
 * which is told as 0.
 */
import type { JournalSpace, RetentionTier } from '@landfall/model';
import type { DiskJournal } from '../group/disk-journal.ts';
import type { PointsLedger } from '../points/points-ledger.ts';
import type { RecoveryPointList } from '../points/recovery-points.ts';
import { COMMIT_ROW_BYTES, EXTENT_ROW_BYTES } from '../segments/segment-index.ts';
import type { SegmentLeases } from '../segments/segment-leases.ts';
import { COMMIT_RECORD_BYTES, RECORD_HEADER_BYTES } from '../segments/segment-records.ts';
import type { JournalFiles } from '../storage/journal-files.ts';
import { type SegmentSnapshot, snapshotOf, visitOverwritten } from './overwritten-records.ts';
import { SpaceTally } from './space-tally.ts';

export interface MeasuredJournal {
  readonly files: JournalFiles;
  readonly disks: readonly DiskJournal[];
  readonly points: RecoveryPointList;
  readonly ledger: PointsLedger;
  readonly leases: SegmentLeases;
  readonly tiers: readonly RetentionTier[];
  readonly readEpochs: ReadonlySet<number>;
}

export interface MeasureSpaceOptions {
  readonly nowMs: number;
  /** Called between bounded pieces of work, so that others get their turn. */
  readonly pause?: (done: { readonly records: number; readonly recordsTotal: number }) => Promise<void>;
  /** Looked at together; bounds memory. */
  readonly sliceRecords?: number;
}

const SLICE_RECORDS_DEFAULT = 5000;

interface DiskSnapshot {
  readonly segments: readonly SegmentSnapshot[];
  readonly commits: readonly { readonly epoch: number; readonly bytes: number }[];
}

export async function measureSpace(
  journal: MeasuredJournal,
  options: MeasureSpaceOptions,
): Promise<JournalSpace> {
  const { disks, leases, points } = journal;
  const tally = newTally(journal);
  const snapshots = disks.map(snapshotOfDisk);
  const historyMs = historyOf(points);
  const held = leases.retiredPaths;
  const paths = {
    bases: disks.map(({ base }) => base.path),
    tables: disks.flatMap((disk) => disk.tablePaths),
  };
  const kept = disks.flatMap((disk) => disk.segments);
  leases.take(kept);
  const sizes = await sizesOf(journal.files, { ...paths, held }).finally(() => leases.giveBack(kept));
  await tallyRecords(snapshots, tally, options);
  return { ...sum(sizes, tally), ...described(journal, tally), historyMs, measuredAtMs: options.nowMs };
}

function newTally({ points, tiers, ledger, readEpochs: read }: MeasuredJournal): SpaceTally {
  const marked = new Set([...ledger.pins, ...ledger.locks].map(({ epoch }) => epoch));
  return new SpaceTally({ points: points.aged(), tiers, marked, read });
}

function snapshotOfDisk({ segments }: DiskJournal): DiskSnapshot {
  return {
    segments: segments.map(snapshotOf),
    commits: segments.flatMap(({ commits, growing }) => {
      const bytes = COMMIT_RECORD_BYTES + (growing === undefined ? COMMIT_ROW_BYTES : 0);
      return [...commits.rows()].map(({ epoch }) => ({ epoch, bytes }));
    }),
  };
}

function historyOf(points: RecoveryPointList): number {
  const { oldest } = points;
  return oldest === undefined
    ? 0
    : points.timelineMs - (points.timelineOf(oldest.epoch) ?? points.timelineMs);
}

interface FileSizes {
  readonly totalBytes: number;
  readonly baseBytes: number;
  readonly tableBytes: number;
  readonly heldBytes: number;
}

interface FilePaths {
  readonly bases: readonly string[];
  readonly tables: readonly string[];
  readonly held: readonly string[];
}

/** The whole last: what comes meanwhile is in it, and nothing goes. */
async function sizesOf(files: JournalFiles, { bases, tables, held }: FilePaths): Promise<FileSizes> {
  const tableBytes = await sizeOf(files, tables);
  const baseBytes = tableBytes + (await sizeOf(files, bases));
  const heldBytes = await sizeOf(files, held);
  return { tableBytes, baseBytes, heldBytes, totalBytes: await files.allocatedBytes() };
}

async function sizeOf(files: JournalFiles, paths: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const path of paths) bytes += await files.allocatedBytes(path);
  return bytes;
}

async function tallyRecords(
  disks: readonly DiskSnapshot[],
  tally: SpaceTally,
  { pause, sliceRecords = SLICE_RECORDS_DEFAULT }: MeasureSpaceOptions,
): Promise<void> {
  const counts = disks.flatMap(({ segments }) => segments.map(({ extents }) => extents.count));
  const recordsTotal = counts.reduce((total, count) => total + count, 0);
  let records = 0;
  for (const { segments, commits } of disks) {
    for (const { epoch, bytes } of commits) tally.addCommit(epoch, bytes);
    const visiting = visitOverwritten(
      segments,
      ({ epoch, overwrittenEpoch, payloadBytes, isSealed }) => {
        const rowBytes = isSealed ? EXTENT_ROW_BYTES : 0;
        tally.add(epoch, overwrittenEpoch, RECORD_HEADER_BYTES + payloadBytes + rowBytes);
      },
      sliceRecords,
    );
    for (const visited of visiting) {
      records = Math.min(recordsTotal, records + visited);
      await pause?.({ records, recordsTotal });
    }
  }
}

function sum(
  { totalBytes, baseBytes, tableBytes, heldBytes }: FileSizes,
  tally: SpaceTally,
): Pick<JournalSpace, 'totalBytes' | 'baseBytes' | 'tableBytes' | 'heldBytes' | 'otherBytes'> {
  const { newestBytes, tiers, marked, passing, reclaimableBytes, openBytes } = tally.result;
  const shares = [...tiers, marked, passing].reduce((bytes, share) => bytes + share.bytes, 0);
  const known = baseBytes + heldBytes + newestBytes + shares + reclaimableBytes + openBytes;
  const otherBytes = Math.max(0, totalBytes - known);
  return { totalBytes: known + otherBytes, baseBytes, tableBytes, heldBytes, otherBytes };
}

function described({ disks, tiers }: MeasuredJournal, tally: SpaceTally) {
  const { tiers: shares, newestBytes, marked, passing, reclaimableBytes, openBytes } = tally.result;
  return {
    ...{ newestBytes, marked, reclaimableBytes, openBytes },
    passing: { points: passing.points, bytes: passing.bytes },
    tiers: tiers.map(({ everyMs, forMs }, index) => ({
      ...{ everyMs, forMs, points: 0, bytes: 0, costBytes: 0 },
      ...shares[index],
    })),
    diskBytes: disks.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0),
  };
}
