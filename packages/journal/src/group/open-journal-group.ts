/** Opens, creates and discards journal groups: one folder for each source server. */

import { RETENTION_DEFAULT } from '@landfall/model';
import {
  assert,
  type Clock,
  inlineSha256,
  type Logger,
  OperationError,
  type Sha256,
  systemClock,
  systemErrorCode,
  systemRandom,
  threadedSha256,
} from '@landfall/runtime';
import type { RetentionSettings } from '../compaction/maintenance.ts';
import {
  GROUP_PATH,
  type GroupDisk,
  type GroupDocument,
  type JournalDisk,
  readGroup,
  readManifest,
  writeGroup,
} from '../documents/manifest.ts';
import type { EncryptionSettings } from '../encryption/data-keys.ts';
import { KEYS_COPY_PATH, KEYS_PATH } from '../encryption/keys-document.ts';
import { journalDamaged, pointsLocked, storageFailure } from '../journal-errors.ts';
import { POINTS_PATH, type PointsDocument, readPoints, writePoints } from '../points/points-document.ts';
import { lockedPoints, PointsLedger } from '../points/points-ledger.ts';
import { RecoveryPointList } from '../points/recovery-points.ts';
import { checkTiers } from '../points/retention-policy.ts';
import { DISKS_MAX } from '../segments/segment-records.ts';
import { STAGING_RESERVE_BYTES, StagingSpace } from '../space/staging-space.ts';
import { discardFiles, isDiscarded } from '../storage/discard-files.ts';
import { FileJournalFiles } from '../storage/file-journal-files.ts';
import type { JournalFiles } from '../storage/journal-files.ts';
import { type JournalStorage, newStorage, openStorage } from '../storage/journal-storage.ts';
import { createDisk, type DiskContext } from './disk-journal.ts';
import { currentSize, newSizes } from './disk-sizes.ts';
import { recoverGroup } from './group-recovery.ts';
import { JournalGroup } from './journal-group.ts';

const SEGMENT_BYTES_DEFAULT = 256 * 1024 * 1024;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export interface JournalGroupSettings {
  /** The disks of the server in their order; may be left out to open whatever is there. Needed to create. */
  readonly disks?: readonly JournalDisk[];
  readonly logger: Logger;
  /** Create the journal when there is none; otherwise that is JOURNAL_MISSING. */
  readonly create?: boolean;
  /** A segment is sealed at the first end of an epoch after this size. */
  readonly segmentBytes?: number;
  /** Kept free on the staging volume. */
  readonly reserveBytes?: number;
  /** Which recovery points `maintain` keeps. */
  readonly retention?: RetentionSettings;
  /** For locks only: how old points are, their own cuts say. */
  readonly clock?: Clock;
  /** Hashes chunks; of a folder, by default, in threads. */
  readonly sha256?: Sha256;
  /** The keys an encrypted journal is opened with; a new journal is encrypted when they are given. */
  readonly encryption?: EncryptionSettings;
}

export interface OpenJournalGroupOptions extends JournalGroupSettings {
  readonly folder: string;
}

/**
 * Errors: JOURNAL_MISSING, JOURNAL_IN_USE, JOURNAL_DISKS_CHANGED, JOURNAL_DAMAGED,
 * JOURNAL_VERSION_UNSUPPORTED, STAGING_FULL, ENCRYPTION_KEY_MISSING, ENCRYPTION_KEY_INVALID,
 * ENCRYPTION_COMMAND_FAILED.
 */
export function openJournalGroup(options: OpenJournalGroupOptions): Promise<JournalGroup> {
  return openJournalGroupOn(new FileJournalFiles(options.folder), { sha256: threadedSha256, ...options });
}

/**
 * Removes a journal that is not open, also one that cannot be opened; resolves to the bytes freed. Errors:
 * JOURNAL_IN_USE, RECOVERY_POINT_LOCKED.
 */
export async function discardJournalGroup(folder: string): Promise<number> {
  const files = new FileJournalFiles(folder);
  if ((await files.list('')).length === 0) return 0;
  const releaseLock = await files.lock();
  try {
    await checkNothingLocked(files);
    const freedBytes = await files.allocatedBytes();
    await discardFiles(files);
    return freedBytes;
  } finally {
    await releaseLock();
  }
}

/** A list of points that cannot be read locks nothing: discarding is what helps against damage. */
async function checkNothingLocked(files: JournalFiles): Promise<void> {
  if (await isDiscarded(files)) return;
  const points = await readPoints(files).catch((error: unknown) => {
    if (error instanceof OperationError) return undefined;
    throw error;
  });
  if (points === undefined) return;
  const locked = lockedPoints(points, { nowMs: systemClock.nowMs(), openMs: points.openMs });
  if (locked.length > 0) throw pointsLocked(locked.map(({ epoch }) => epoch));
}

export async function openJournalGroupOn(
  files: JournalFiles,
  settings: JournalGroupSettings,
): Promise<JournalGroup> {
  if (settings.create !== true && (await files.list('')).length === 0) throw journalMissing();
  await files.ensureFolder('');
  const releaseLock = await files.lock();
  try {
    const { storage, group } = (await existingGroup(files, settings)) ?? (await newGroup(files, settings));
    return await openExisting(storage, group, { ...settings, releaseLock });
  } catch (error) {
    await releaseLock();
    throw systemErrorCode(error) === undefined ? error : storageFailure(error);
  }
}

async function openExisting(
  { files, keys }: JournalStorage,
  group: GroupDocument,
  settings: JournalGroupSettings & { readonly releaseLock: () => Promise<void> },
): Promise<JournalGroup> {
  const { logger, disks: expected, releaseLock, reserveBytes = STAGING_RESERVE_BYTES } = settings;
  const { retention = { tiers: RETENTION_DEFAULT }, clock = systemClock } = settings;
  checkTiers(retention.tiers);
  if (expected !== undefined) checkDisks(group.disks, expected);
  const document = await existingPoints(files, group.journalId);
  const { journalId } = group;
  let points = new RecoveryPointList();
  const segmentBytes = settings.segmentBytes ?? SEGMENT_BYTES_DEFAULT;
  const durableEpoch = () => points.lastEpoch;
  const newContext = (diskIndex: number, disk: GroupDisk): DiskContext => {
    return { files, journalId, diskIndex, disk, segmentBytes, durableEpoch };
  };
  const contexts = group.disks.map((disk, diskIndex) => newContext(diskIndex, disk));
  const recovered = await recoverGroup(contexts, document, logger);
  points = recovered.points ?? points;
  await files.syncFolder('');
  logger.info('journal-opened', { journalId, lastEpoch: points.lastEpoch, recoveryPoints: points.count });
  return new JournalGroup({
    journalId,
    files,
    logger,
    disks: recovered.disks,
    points,
    ledger: new PointsLedger({ files, clock, points, document }),
    ...{ retention, segmentBytes, reserveBytes },
    staging: new StagingSpace(files, reserveBytes),
    sha256: settings.sha256 ?? inlineSha256,
    newContext,
    releaseLock,
    ...(keys === undefined ? {} : { keys }),
  });
}

async function existingPoints(files: JournalFiles, journalId: string): Promise<PointsDocument> {
  const points = await readPoints(files);
  if (points?.journalId === journalId) return points;
  const what = points === undefined ? 'it is missing' : 'it belongs to another journal';
  throw journalDamaged({ path: POINTS_PATH, positionBytes: 0, what });
}

/** Every epoch there is, or will be, is a recovery point. */
function allPoints(journalId: string): PointsDocument {
  return { journalId, throughEpoch: 0, points: [], pins: [], locks: [], openMs: 0 };
}

interface FoundGroup {
  readonly storage: JournalStorage;
  readonly group: GroupDocument;
}

/**
 * A journal of an older format is from now on one of this format: older programs must not open it any more.
 */
async function existingGroup(
  files: JournalFiles,
  settings: JournalGroupSettings,
): Promise<FoundGroup | undefined> {
  if ((await isDiscarded(files)) || (await files.readWhole(GROUP_PATH)) === undefined) return undefined;
  const storage = await openStorage(files, settings);
  const group = await readGroup(storage.files);
  if (group === undefined) return undefined;
  if (UUID.test(group.journalId)) {
    if (group.isOld) {
      await writePoints(storage.files, allPoints(group.journalId));
      await writeGroup(storage.files, group);
    }
    return { storage, group };
  }
  throw journalDamaged({ path: GROUP_PATH, positionBytes: 0, what: 'the journal id is not a UUID' });
}

async function newGroup(plainFiles: JournalFiles, settings: JournalGroupSettings): Promise<FoundGroup> {
  const { disks, create } = settings;
  if (create !== true) throw journalMissing();
  assert(disks !== undefined && disks.length > 0, 'a new journal needs its disks');
  assert(disks.length <= DISKS_MAX, `a journal has at most ${DISKS_MAX} disks`);
  const groupDisks = disks.map(({ diskId, sizeBytes }) => ({ diskId, sizes: newSizes(sizeBytes) }));
  await removeLeftovers(plainFiles);
  const storage = await newStorage(plainFiles, settings);
  const { files } = storage;
  const group = { journalId: systemRandom.uuid(), disks: groupDisks };
  for (const [diskIndex, { sizeBytes: baseBytes }] of disks.entries()) {
    await createDisk({ files, journalId: group.journalId, diskIndex, baseBytes });
  }
  await writePoints(files, allPoints(group.journalId));
  await files.syncFolder('');
  await writeGroup(files, group);
  return { storage, group };
}

/**
 * Without `group.json` a folder holds what an interrupted creation or discard left, never a journal:
 * `group.json` is written last. Should it have been lost instead, there is a base in use, and nothing is
 * removed.
 */
async function removeLeftovers(files: JournalFiles): Promise<void> {
  const discarded = await isDiscarded(files);
  const found = await files.list('');
  const disks = found.filter((name) => /^disk-\d+$/.test(name));
  for (const name of discarded ? [] : disks) {
    const manifest = await readManifest(files, Number(name.slice('disk-'.length)));
    if (manifest?.base === undefined) continue;
    throw journalDamaged({
      path: GROUP_PATH,
      positionBytes: 0,
      what: `it is missing, but ${name} is in use`,
    });
  }
  const documents = [GROUP_PATH, POINTS_PATH, KEYS_PATH, KEYS_COPY_PATH];
  for (const name of [...disks, ...found.filter((name) => documents.includes(name))])
    await files.remove(name);
  if (discarded) await files.remove('discarded');
  await files.syncFolder('');
}

function checkDisks(group: readonly GroupDisk[], expected: readonly JournalDisk[]): void {
  const describe = (disks: readonly JournalDisk[]) =>
    disks.map(({ diskId, sizeBytes }) => `${diskId} (${sizeBytes} bytes)`).join(', ');
  const found = group
    .map(({ diskId, sizes }) => ({ diskId, sizeBytes: currentSize(sizes) }))
    .filter(({ sizeBytes }) => sizeBytes > 0);
  if (describe(found) === describe(expected)) return;
  throw new OperationError(
    'JOURNAL_DISKS_CHANGED',
    `the journal has the disks ${describe(found)}, but the server has ${describe(expected)}`,
    {
      hint: 'open the journal with the disks it has, then change them',
      context: { found: describe(found), expected: describe(expected) },
    },
  );
}

function journalMissing(): OperationError {
  return new OperationError('JOURNAL_MISSING', 'there is no journal in this folder', {
    hint: 'check the folder of the staging area, or create the journal',
  });
}
