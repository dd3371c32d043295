/**
 * The journal of one source server: all its staging disks, one history of epochs. It satisfies the
 * `EpochStore` contract of `packages/replication`. Writing is `epoch-writer.ts`; this is what everybody else
 * sees: recovery points, views of them, hashes of the newest state, space.
 */
import type { ExtentHeader, ReadableBlockDevice } from '@landfall/block';
import type { EpochCommit, RecoveryPoint } from '@landfall/model';
import { assert, type Logger, OperationError, type Sha256 } from '@landfall/runtime';
import { changeDisks } from './change-disks.ts';
import { hashChunks } from './chunk-hashes.ts';
import { ContentCache } from './content-cache.ts';
import { discardFiles } from './discard-files.ts';
import type { DiskContext, DiskJournal } from './disk-journal.ts';
import { EpochWriter } from './epoch-writer.ts';
import { epochRefused, storageFailure } from './journal-errors.ts';
import type { JournalFiles } from './journal-files.ts';
import type { GroupDisk, JournalDisk } from './manifest.ts';
import { OpenFiles } from './open-files.ts';
import { PointInTimeView } from './point-in-time-view.ts';
import { ReadAheadDevice } from './read-ahead.ts';
import type { RecoveryPointList, RecoveryPointQuery } from './recovery-points.ts';
import type { DamagedRange } from './scrub/journal-damage.ts';
import type { ScrubbedJournal } from './scrub/journal-scrub.ts';
import { StagingSpace } from './staging-space.ts';

const CACHE_BYTES = 64 * 1024 * 1024;
/** For one call: an extent that is split among chunks is read once. */
const FRESH_CACHE_BYTES = 4 * 1024 * 1024;

/** All disks of a server at one recovery point, read-only. It must be closed. */
export interface JournalView {
  readonly point: RecoveryPoint;
  /** By disk index. One that the server did not have then has size 0. */
  readonly disks: readonly ReadableBlockDevice[];
  close(): Promise<void>;
}

export interface JournalGroupState {
  readonly journalId: string;
  readonly files: JournalFiles;
  readonly logger: Logger;
  readonly disks: readonly DiskJournal[];
  readonly points: RecoveryPointList;
  readonly reserveBytes: number;
  readonly sha256: Sha256;
  readonly newContext: (diskIndex: number, disk: GroupDisk) => DiskContext;
  readonly releaseLock: () => Promise<void>;
}

export class JournalGroup {
  /** UUID of this replica; a new one means that nothing is known of the disks. */
  readonly journalId: string;
  readonly #files: JournalFiles;
  readonly #logger: Logger;
  /** The writer has the same list: it grows when a disk joins, and a disk never leaves it. */
  readonly #disks: DiskJournal[];
  readonly #points: RecoveryPointList;
  readonly #writer: EpochWriter;
  readonly #openFiles: OpenFiles;
  readonly #cache = new ContentCache(CACHE_BYTES);
  readonly #views = new Set<JournalView>();
  readonly #newContext: JournalGroupState['newContext'];
  readonly #sha256: Sha256;
  readonly #releaseLock: () => Promise<void>;
  #closed = false;
  #scrubbing: Promise<unknown> = Promise.resolve();
  #disksUncertain = false;

  /** Use `openJournalGroup`. */
  constructor(state: JournalGroupState) {
    const { files, logger, points } = state;
    const disks = [...state.disks];
    this.journalId = state.journalId;
    this.#files = files;
    this.#logger = logger;
    this.#disks = disks;
    this.#points = points;
    this.#writer = new EpochWriter({
      disks,
      points,
      logger,
      space: new StagingSpace(files, state.reserveBytes),
    });
    this.#openFiles = new OpenFiles(files);
    this.#newContext = state.newContext;
    this.#sha256 = state.sha256;
    this.#releaseLock = state.releaseLock;
  }

  get isOpen(): boolean {
    return !this.#closed;
  }

  /** The newest durable epoch; 0 when there is none, which means that the first sync is not complete. */
  get lastEpoch(): number {
    return this.#points.lastEpoch;
  }

  /** Every disk it has, by index, as of the next epoch; size 0: the server does not have it any more. */
  get disks(): readonly JournalDisk[] {
    return this.#disks.map(({ diskId, sizeBytes, isJoining }) => ({
      ...{ diskId, sizeBytes },
      ...(isJoining ? { isJoining } : {}),
    }));
  }

  /** Size of a disk at an epoch; 0 when the server did not have it then. */
  diskSizeAt(diskIndex: number, epoch: number): number {
    return this.#disk(diskIndex).sizeAt(epoch);
  }

  /**
   * From the next epoch on the server has these disks, in these sizes; older recovery points keep theirs
   * (J3). To be called between connections, when no epoch is open; when it fails, again before the next
   * epoch. The journal must have a recovery point. Errors: STAGING_FULL, JOURNAL_STORAGE_FAILED.
   */
  async changeDisks(wanted: readonly JournalDisk[]): Promise<void> {
    this.#checkOpen();
    assert(this.lastEpoch > 0, 'a journal without a recovery point is created anew instead');
    const { journalId } = this;
    await this.#writer.between(async () => {
      const options = {
        ...{ files: this.#files, logger: this.#logger, newContext: this.#newContext, journalId },
        ...{ disks: this.#disks, fromEpoch: this.lastEpoch + 1, isUncertain: this.#disksUncertain },
      };
      this.#disksUncertain = true;
      try {
        this.#disks.push(...(await changeDisks(options, wanted)));
        this.#disksUncertain = false;
      } catch (error) {
        throw storageFailure(error);
      }
    });
  }

  get recoveryPointCount(): number {
    return this.#points.count;
  }

  get oldestPoint(): RecoveryPoint | undefined {
    return this.#points.oldest;
  }

  get newestPoint(): RecoveryPoint | undefined {
    return this.#points.newest;
  }

  /** Newest first. */
  recoveryPoints(query: RecoveryPointQuery = {}): RecoveryPoint[] {
    return this.#points.query(query);
  }

  /** The newest point cut at `timeMs` or before, by the source's wall clock. */
  pointAtOrBefore(timeMs: number): RecoveryPoint | undefined {
    return this.#points.atOrBefore(timeMs);
  }

  /** True while the disk has never been written: it reads as zeroes throughout. */
  isEmpty(diskIndex: number): boolean {
    return this.#disk(diskIndex).isEmpty;
  }

  /**
   * SHA-256 (32 bytes each) of `count` chunks of 1 MiB from `firstChunk`, of the newest durable state or,
   * during the first sync, of what the base holds; the last chunk may be short. A damaged chunk answers with
   * zeroes, which no content hashes to: the rescan sends it again (J6). `fresh`: nothing that is remembered,
   * hashes or content, is taken for what the files hold.
   */
  async chunkHashes(diskIndex: number, firstChunk: number, count: number, fresh = false): Promise<Buffer> {
    this.#checkOpen();
    const disk = this.#disk(diskIndex);
    const range = { firstChunk, count, fresh, logger: this.#logger, sha256: this.#sha256 };
    if (this.lastEpoch > 0) {
      const cache = fresh ? new ContentCache(FRESH_CACHE_BYTES) : this.#cache;
      return hashChunks(
        disk,
        this.#newDevice(disk, this.lastEpoch, { sizeBytes: disk.sizeBytes, cache }),
        range,
      );
    }
    return this.#writer.between(() => hashChunks(disk, undefined, range));
  }

  /**
   * Adds to the open epoch; `release` is called when the payload is used no more. Errors: STAGING_FULL,
   * JOURNAL_STORAGE_FAILED, EXTENT_DAMAGED, EPOCH_REFUSED; each drops the open epoch, and everything is
   * refused with the same error until `abandon`.
   */
  async putExtent(header: ExtentHeader, payload: Buffer, release?: () => void): Promise<void> {
    await this.#writer.putExtent(header, payload, release);
  }

  /** Errors: as `putExtent`. */
  async putZeroes(diskIndex: number, offsetBytes: number, lengthBytes: number): Promise<void> {
    await this.#writer.putZeroes(diskIndex, offsetBytes, lengthBytes);
  }

  /**
   * Closes the open epoch; resolves when it is durable on all disks (J2). The next epoch may be put before
   * that. Errors: as `putExtent`.
   */
  async commit(commit: EpochCommit): Promise<void> {
    assert(!this.#disksUncertain, 'J3: no epoch before it is certain how large the disks are');
    await this.#writer.commit(commit);
  }

  /** Drops what was put since the last commit (J4); afterwards a journal that failed accepts epochs again. */
  async abandon(): Promise<void> {
    await this.#writer.abandon();
  }

  /** Every disk at a recovery point, while writing goes on. Errors: RECOVERY_POINT_MISSING. */
  async openView(epoch: number): Promise<JournalView> {
    this.#checkOpen();
    const point = this.#points.find(epoch);
    if (point === undefined) throw pointMissing(epoch, this.#points);
    const devices = this.#disks.map((disk) => new ReadAheadDevice(this.#newDevice(disk, epoch)));
    const close = async () => {
      this.#views.delete(view);
      for (const device of devices) await device.close();
    };
    const view: JournalView = { point, disks: devices, close };
    this.#views.add(view);
    return view;
  }

  /** Runs one step of a scrub; the files stay until it has ended. */
  async scrub<Result>(step: (journal: ScrubbedJournal) => Promise<Result>): Promise<Result> {
    this.#checkOpen();
    const { journalId, lastEpoch } = this;
    const running = step({
      ...{ journalId, lastEpoch, files: this.#files, openFiles: this.#openFiles, disks: this.#disks },
      readNewest: (range) => this.#readNewest(range),
      rewriteManifest: (diskId) =>
        this.#writer.between(async () => this.#diskNamed(diskId)?.rewriteManifest()),
    });
    this.#scrubbing = Promise.allSettled([running]);
    return running;
  }

  async #readNewest({ diskIndex, offsetBytes, lengthBytes }: DamagedRange): Promise<Buffer> {
    const device = this.#newDevice(this.#disk(diskIndex), this.lastEpoch);
    const length = Math.max(0, Math.min(lengthBytes, device.sizeBytes - offsetBytes));
    const bytes = Buffer.alloc(length);
    await device.read(offsetBytes, bytes);
    return bytes;
  }

  /** Bytes of storage it takes, holes not counted. */
  async bytesOnDisk(): Promise<number> {
    return this.#files.allocatedBytes();
  }

  /** Drops the open epoch, closes all views, and gives the folder back; the journal can be opened again. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#writer.finish();
    } catch (error) {
      throw storageFailure(error);
    } finally {
      await this.#closeFiles();
      await this.#releaseLock();
    }
  }

  /**
   * Removes the journal for good; resolves to the bytes freed. Errors: JOURNAL_IN_USE while views are open.
   */
  async discard(): Promise<number> {
    this.#checkOpen();
    if (this.#views.size > 0) throw viewsOpen(this.#views.size);
    this.#closed = true;
    const freedBytes = await this.bytesOnDisk();
    await this.#closeFiles();
    await discardFiles(this.#files);
    await this.#releaseLock();
    return freedBytes;
  }

  async #closeFiles(): Promise<void> {
    await this.#scrubbing;
    for (const view of [...this.#views]) await view.close();
    this.#cache.clear();
    await this.#openFiles.close();
    for (const disk of this.#disks) await disk.close();
  }

  /** `sizeBytes`: as large as it was, unless the newest state is read at the size of the next epoch. */
  #newDevice(
    disk: DiskJournal,
    epoch: number,
    { sizeBytes = disk.sizeAt(epoch), cache = this.#cache } = {},
  ): PointInTimeView {
    const baseEpoch = disk.baseEntry?.commit.epoch;
    assert(baseEpoch !== undefined, 'a journal with an epoch has a base');
    return new PointInTimeView({
      disk,
      epoch,
      baseEpoch,
      sizeBytes,
      openFiles: this.#openFiles,
      cache,
    });
  }

  #diskNamed(diskId: string): DiskJournal | undefined {
    return this.#disks.find((disk) => disk.diskId === diskId);
  }

  #disk(diskIndex: number): DiskJournal {
    const disk = this.#disks[diskIndex];
    if (disk !== undefined) return disk;
    throw epochRefused(`the journal has no disk ${diskIndex}`, { diskIndex, disks: this.#disks.length });
  }

  #checkOpen(): void {
    assert(!this.#closed, 'a closed journal is not used');
  }
}

function pointMissing(epoch: number, points: RecoveryPointList): OperationError {
  const { oldest, newest } = points;
  const range = oldest === undefined ? 'there is none yet' : `there are ${oldest.epoch} to ${newest?.epoch}`;
  return new OperationError('RECOVERY_POINT_MISSING', `there is no recovery point ${epoch}: ${range}`, {
    hint: 'choose one of the listed recovery points',
    context: { epoch, oldestEpoch: oldest?.epoch, newestEpoch: newest?.epoch },
  });
}

function viewsOpen(views: number): OperationError {
  return new OperationError(
    'JOURNAL_IN_USE',
    `the journal cannot be discarded: ${views} views of it are open`,
    {
      hint: 'end the launches and exports that use this server, then discard it again',
      context: { views },
    },
  );
}
