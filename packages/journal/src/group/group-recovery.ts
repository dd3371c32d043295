/**
 * Opens all disks of a group and decides what exists.
 *
 *   L = the newest epoch that every one of its participants holds intact, with every epoch before it (J1)
 *   W = the newest epoch that some file, also `points`, proves to have been durable on all disks
 *
 * W ≤ L: what is after L was never acknowledged (J2), so it is cut off, and said so. W > L: an acknowledged
 * epoch is not intact. That is damage, not a torn tail; nothing is cut off and the journal is not opened
 * (J3).
 */
import type { EpochCommit } from '@landfall/model';
import type { Logger } from '@landfall/runtime';
import { type Manifest, manifestPath, readManifest, writeManifest } from '../documents/manifest.ts';
import { journalDamaged } from '../journal-errors.ts';
import { type DecidedPoints, EpochLedger } from '../points/epoch-ledger.ts';
import type { RecoveryPointList } from '../points/recovery-points.ts';
import type { DiskContext, DiskJournal } from './disk-journal.ts';
import { closeFound, type FoundDisk, findDisk, intactEpoch, settleDisk } from './disk-recovery.ts';

export interface RecoveredGroup {
  readonly disks: readonly DiskJournal[];
  /** Absent during the first sync. */
  readonly points?: RecoveryPointList;
}

export async function recoverGroup(
  contexts: readonly DiskContext[],
  decided: DecidedPoints,
  logger: Logger,
): Promise<RecoveredGroup> {
  const manifests = await readManifests(contexts);
  const found: FoundDisk[] = [];
  try {
    for (const [index, context] of contexts.entries()) {
      const manifest = manifests[index];
      if (manifest !== undefined) found.push(await findDisk(context, manifest, logger));
    }
    const base = manifests[0]?.base?.commit;
    if (base === undefined) return { disks: await settleAll(found, 0, logger) };
    const ledger = new EpochLedger(base, decided);
    for (const disk of found) for (const commit of disk.commits) ledger.note(commit);
    const lastEpoch = await newestIntactEpoch(found, ledger.lastEpoch, decided.throughEpoch);
    const disks = await settleAll(found, lastEpoch, logger);
    return { disks, points: ledger.points(lastEpoch) };
  } catch (error) {
    for (const disk of found) await closeFound(disk);
    throw error;
  }
}

async function settleAll(
  found: readonly FoundDisk[],
  lastEpoch: number,
  logger: Logger,
): Promise<DiskJournal[]> {
  const disks: DiskJournal[] = [];
  for (const disk of found) disks.push(await settleDisk(disk, lastEpoch, logger));
  return disks;
}

async function newestIntactEpoch(
  found: readonly FoundDisk[],
  ledgerEpoch: number,
  decidedEpoch: number,
): Promise<number> {
  const durableEpoch = Math.max(decidedEpoch, ...found.map((disk) => disk.durableEpoch));
  let lastEpoch = ledgerEpoch;
  for (const disk of found) lastEpoch = await intactEpoch(disk, durableEpoch, lastEpoch);
  if (lastEpoch >= durableEpoch) return lastEpoch;
  throw durableEpochDamaged(found, lastEpoch + 1);
}

/** Names the disk whose records end before the epoch that should be there. */
function durableEpochDamaged(found: readonly FoundDisk[], epoch: number): Error {
  const broken = found.find((disk) => disk.tail?.scan.endedBy === 'break') ?? shortest(found);
  const what = `epoch ${epoch} was durable, but its records are not intact`;
  const path = broken?.tail?.segment.path ?? manifestPath(broken?.context.diskIndex ?? 0);
  return journalDamaged({ path, positionBytes: broken?.tail?.scan.chainEndBytes ?? 0, epoch, what });
}

function shortest(found: readonly FoundDisk[]): FoundDisk | undefined {
  const last = (disk: FoundDisk) => disk.commits.at(-1)?.epoch ?? 0;
  return found.toSorted((left, right) => last(left) - last(right))[0];
}

/**
 * The manifests of all disks. The base is an epoch of the group only when every disk's manifest says so: a
 * crash during the first commit leaves some that do, and they are put back before anything is written.
 */
async function readManifests(contexts: readonly DiskContext[]): Promise<readonly Manifest[]> {
  const manifests: Manifest[] = [];
  for (const context of contexts) manifests.push(await readDiskManifest(context));
  const first = manifests[0]?.base?.commit;
  if (manifests.every((manifest) => sameBase(manifest.base?.commit, first))) return manifests;
  const reverted: Manifest[] = [];
  for (const [index, manifest] of manifests.entries()) {
    const files = contexts[index]?.files;
    reverted.push(
      manifest.base === undefined || files === undefined ? manifest : await revertBase(files, manifest),
    );
  }
  return reverted;
}

async function readDiskManifest(context: DiskContext): Promise<Manifest> {
  const { files, diskIndex, journalId } = context;
  const manifest = await readManifest(files, diskIndex);
  const path = manifestPath(diskIndex);
  if (manifest === undefined) throw journalDamaged({ path, positionBytes: 0, what: 'it is missing' });
  if (manifest.journalId !== journalId || manifest.diskIndex !== diskIndex) {
    throw journalDamaged({ path, positionBytes: 0, what: 'it belongs to another disk or journal' });
  }
  return manifest;
}

async function revertBase(files: DiskContext['files'], manifest: Manifest): Promise<Manifest> {
  const { base, ...rest } = manifest;
  if (rest.segments.length > 0) {
    const what = 'it has segments, but another disk of the server has no base';
    throw journalDamaged({
      path: manifestPath(manifest.diskIndex),
      positionBytes: 0,
      epoch: base?.commit.epoch,
      what,
    });
  }
  const reverted = { ...rest, durableEpoch: 0 };
  await writeManifest(files, reverted);
  return reverted;
}

function sameBase(left: EpochCommit | undefined, right: EpochCommit | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return (
    left.epoch === right.epoch &&
    left.cutTimeMs === right.cutTimeMs &&
    left.cutMonotonicNs === right.cutMonotonicNs
  );
}
