/**
 * Other disks from the next epoch on: some joined, grew, shrank or left. `group.json` says so before anything
 * of the next epoch is written, so a crash leaves either list, and the next connection changes it again.
 *
 * A disk that joins looks like one that has been there since the base, all zero and idle: an empty base of
 * length 0 under the same base commit. So what decides which epochs exist (J1) needs no other case.
 */
import { createHash } from 'node:crypto';
import type { Logger } from '@landfall/runtime';
import { assert } from '@landfall/runtime';
import { type GroupDisk, type JournalDisk, readManifest, writeGroup } from '../documents/manifest.ts';
import { DISKS_MAX } from '../segments/segment-records.ts';
import type { JournalFiles } from '../storage/journal-files.ts';
import { createDisk, type DiskContext, type DiskJournal } from './disk-journal.ts';
import { findDisk, settleDisk } from './disk-recovery.ts';
import { currentSize, type DiskSizes, withSize } from './disk-sizes.ts';

export interface ChangeDisksOptions {
  readonly files: JournalFiles;
  readonly journalId: string;
  readonly logger: Logger;
  /** Every disk the journal has, also those that were taken out. */
  readonly disks: readonly DiskJournal[];
  readonly fromEpoch: number;
  /** An earlier change failed half-way: what `group.json` says is not known. */
  readonly isUncertain: boolean;
  readonly newContext: (diskIndex: number, disk: GroupDisk) => DiskContext;
}

/** Resolves to the journals of the disks that are new; those there are have their new sizes. */
export async function changeDisks(
  options: ChangeDisksOptions,
  wanted: readonly JournalDisk[],
): Promise<readonly DiskJournal[]> {
  const { disks, files, journalId, logger, fromEpoch } = options;
  const members = new Map(wanted.map((disk) => [disk.diskId, disk.isJoining === true ? 0 : disk.sizeBytes]));
  assert(members.size === wanted.length && wanted.length > 0, 'a server has disks, each named once');
  const known: GroupDisk[] = disks.map((disk) => ({
    diskId: disk.diskId,
    sizes: withSize(disk.sizes, { fromEpoch, sizeBytes: members.get(disk.diskId) ?? 0 }),
  }));
  const names = new Set(disks.map(({ diskId }) => diskId));
  const joining = wanted
    .filter(({ diskId }) => !names.has(diskId))
    .map(({ diskId }) => ({
      diskId,
      sizes: withSize([], { fromEpoch, sizeBytes: members.get(diskId) ?? 0 }),
    }));
  const all = [...known, ...joining];
  assert(all.length <= DISKS_MAX, `a journal has at most ${DISKS_MAX} disks`);
  if (
    !options.isUncertain &&
    JSON.stringify(all) === JSON.stringify(disks.map(({ diskId, sizes }) => ({ diskId, sizes })))
  ) {
    setSizes(disks, all, wanted);
    return [];
  }
  const added: DiskJournal[] = [];
  for (const [offset, disk] of joining.entries())
    added.push(await joinDisk(options, disks.length + offset, disk));
  await files.syncFolder('');
  await writeGroup(files, { journalId, disks: all });
  setSizes([...disks, ...added], all, wanted);
  logger.info('journal-disks-changed', { journalId, fromEpoch, disks: all.map(describe) });
  return added;
}

function setSizes(
  disks: readonly DiskJournal[],
  groupDisks: readonly GroupDisk[],
  wanted: readonly JournalDisk[],
): void {
  const joining = wanted.filter(({ isJoining }) => isJoining === true);
  for (const [index, disk] of disks.entries()) {
    const joiningBytes = joining.find(({ diskId }) => diskId === disk.diskId)?.sizeBytes ?? 0;
    disk.resize(groupDisks[index]?.sizes ?? disk.sizes, joiningBytes);
  }
}

function describe({ diskId, sizes }: { readonly diskId: string; readonly sizes: DiskSizes }): string {
  return `${diskId}: ${currentSize(sizes)}`;
}

/** What an interrupted change left of the disk is made anew. */
async function joinDisk(
  options: ChangeDisksOptions,
  diskIndex: number,
  disk: GroupDisk,
): Promise<DiskJournal> {
  const { files, journalId, disks, fromEpoch, newContext, logger } = options;
  const base = disks[0]?.baseEntry;
  assert(base !== undefined, 'a disk joins a journal that has a recovery point');
  await files.remove(`disk-${diskIndex}`);
  const manifest = {
    base: { commit: base.commit, tableSha256: createHash('sha256').digest('hex') },
    durableEpoch: fromEpoch - 1,
  };
  await createDisk({ files, journalId, diskIndex, baseBytes: 0 }, manifest);
  const context = newContext(diskIndex, disk);
  const written = await readManifest(files, diskIndex);
  assert(written !== undefined, 'the manifest was just written');
  return settleDisk(await findDisk(context, written, logger), fromEpoch - 1, logger);
}
