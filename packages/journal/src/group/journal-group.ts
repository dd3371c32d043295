/**
 * The journal of one source server: all its staging disks, one history of epochs. It satisfies the
 * `EpochStore` contract of `packages/replication`. Writing is `epoch-writer.ts`; this is what everybody else
 * sees: recovery points, views of them, hashes of the newest state, space.
 */
import type { ExtentHeader } from '@landfall/block';
import type { EpochCommit, JournalSpace, RecoveryPoint } from '@landfall/model';
import { assert, type Logger, type Sha256 } from '@landfall/runtime';
import { BaseAdvance, TABLE_FACTOR_DEFAULT } from '../base/base-advance.ts';
import { hashChunks } from '../base/chunk-hashes.ts';
import { Compaction } from '../compaction/compaction.ts';
import { type HeldEpochs, Maintenance, type MaintenanceStep } from '../compaction/maintenance.ts';
import type { JournalDisk } from '../documents/manifest.ts';
import type { DataKeys } from '../encryption/data-keys.ts';
import { epochRefused, pointMissing, pointsLocked, storageFailure, viewsOpen } from '../journal-errors.ts';
import { JournalRetention } from '../points/journal-retention.ts';
import type { PointLock, PointPin } from '../points/points-document.ts';
import type { PointsLedger } from '../points/points-ledger.ts';
import type { RecoveryPointList, RecoveryPointQuery } from '../points/recovery-points.ts';
import type { ScrubbedJournal } from '../scrub/journal-scrub.ts';
import { ScrubAccess } from '../scrub/scrub-access.ts';
import { SegmentLeases } from '../segments/segment-leases.ts';
import { type MeasureSpaceOptions, measureSpace } from '../space/measure-space.ts';
import type { StagingSpace } from '../space/staging-space.ts';
import { ContentCache } from '../storage/content-cache.ts';
import { discardFiles } from '../storage/discard-files.ts';
import type { JournalFiles } from '../storage/journal-files.ts';
import { OpenFiles } from '../storage/open-files.ts';
import type { JournalView } from '../views/journal-view.ts';
import { PointInTimeView } from '../views/point-in-time-view.ts';
import { ReadAheadDevice } from '../views/read-ahead.ts';
import { changeDisks } from './change-disks.ts';
import type { DiskJournal } from './disk-journal.ts';
import { EpochWriter } from './epoch-writer.ts';
import type { JournalGroupState } from './journal-group-state.ts';

const CACHE_BYTES = 64 * 1024 * 1024;

export class JournalGroup {
  /** UUID of this replica; a new one means that nothing is known of the disks. */
  readonly journalId: string;
  /** Of an encrypted journal. */
  readonly keys: DataKeys | undefined;
  /** What it may take. */
  readonly staging: StagingSpace;
  /** Which points stay. */
  readonly retention: JournalRetention;
  readonly #files: JournalFiles;
  readonly #logger: Logger;
  /** The writer has the same list: it grows when a disk joins, and a disk never leaves it. */
  readonly #disks: DiskJournal[];
  readonly #points: RecoveryPointList;
  readonly #ledger: PointsLedger;
  readonly #maintenance: Maintenance;
  readonly #leases: SegmentLeases;
  readonly #writer: EpochWriter;
  readonly #openFiles: OpenFiles;
  readonly #cache = new ContentCache(CACHE_BYTES);
  readonly #views = new Set<JournalView>();
  /** What is being read: views, and hashes of the newest state. */
  readonly #reads = new Set<{ readonly epoch: number }>();
  readonly #readEpochs = (): ReadonlySet<number> => new Set([...this.#reads].map(({ epoch }) => epoch));
  readonly #newContext: JournalGroupState['newContext'];
  readonly #sha256: Sha256;
  readonly #releaseLock: () => Promise<void>;
  #closed = false;
  readonly isOpen = (): boolean => !this.#closed;
  readonly #scrubAccess: ScrubAccess;
  #disksUncertain = false;
  /** Until then the files have more than the journal. */
  readonly #tailsCut: Promise<void>;

  /** Use `openJournalGroup`. */
  constructor(state: JournalGroupState) {
    const { files, logger, points } = state;
    const disks = [...state.disks];
    this.journalId = state.journalId;
    this.keys = state.keys;
    this.#files = files;
    this.#logger = logger;
    this.#disks = disks;
    this.#points = points;
    this.#writer = new EpochWriter({ disks, points, logger, space: state.staging });
    this.staging = state.staging;
    this.#openFiles = new OpenFiles(files);
    this.#leases = new SegmentLeases(files, this.#openFiles, logger);
    this.#ledger = state.ledger;
    this.retention = new JournalRetention(state, this.#readEpochs);
    this.#maintenance = this.#newMaintenance(state);
    this.#newContext = state.newContext;
    this.#sha256 = state.sha256;
    const scrubbed = { journalId: this.journalId, files, disks, points, leases: this.#leases };
    this.#scrubAccess = new ScrubAccess(scrubbed, this.#openFiles, {
      between: (operation) => this.#writer.between(operation),
      newestOf: (diskIndex) => this.#newDevice(this.#disk(diskIndex), points.lastEpoch),
    });
    this.#releaseLock = state.releaseLock;
    this.#tailsCut = this.#writer.cutTails();
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

  recoveryPoint(epoch: number): RecoveryPoint | undefined {
    return this.#points.find(epoch);
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
      const cache = fresh ? new ContentCache(CACHE_BYTES) : this.#cache;
      const { device, release } = this.#newDevice(disk, this.lastEpoch, disk.sizeBytes, cache);
      return hashChunks(disk, device, range).finally(release);
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

  /**
   * A recovery point with a name stays until it is unpinned. Errors: RECOVERY_POINT_MISSING,
   * OPTION_INVALID.
   */
  async pin(epoch: number, name: string): Promise<void> {
    this.#checkOpen();
    await this.#ledger.pin(epoch, name);
  }

  async unpin(epoch: number): Promise<void> {
    this.#checkOpen();
    await this.#ledger.unpin(epoch);
  }

  /** Nobody can remove the point before `untilMs` (J3). Errors: RECOVERY_POINT_MISSING, OPTION_INVALID. */
  async lock(epoch: number, untilMs: number): Promise<void> {
    this.#checkOpen();
    await this.#ledger.lock(epoch, untilMs);
  }

  get pins(): readonly PointPin[] {
    return this.#ledger.pins;
  }

  get locks(): readonly PointLock[] {
    return this.#ledger.locks;
  }

  /**
   * One bounded step of keeping the journal small, beside writing and reading; `held` points stay.
   * `thinsSoon`: seconds after the tiers say so. Errors: STAGING_FULL, JOURNAL_STORAGE_FAILED; a later step
   * tries again. A journal that is closed has nothing to do.
   */
  async maintain(held: HeldEpochs = () => new Set(), thinsSoon = false): Promise<MaintenanceStep> {
    return this.#maintenance.step(held, thinsSoon);
  }

  /** Resolves when no point is being dropped, pinned or locked that was decided on before. */
  pointsSettled(): Promise<void> {
    return this.#ledger.settled();
  }

  /** Every disk at a recovery point, while writing goes on. Errors: RECOVERY_POINT_MISSING. */
  async openView(epoch: number): Promise<JournalView> {
    this.#checkOpen();
    const point = this.#points.find(epoch);
    if (point === undefined) throw pointMissing(epoch, this.#points);
    const sources = this.#disks.map((disk) => this.#newDevice(disk, epoch));
    const devices = sources.map(({ device }) => new ReadAheadDevice(device));
    const close = async () => {
      if (!this.#views.delete(view)) return;
      for (const [index, device] of devices.entries()) {
        await device.close();
        await sources[index]?.release();
      }
    };
    const view: JournalView = { point, disks: devices, close };
    this.#views.add(view);
    return view;
  }

  /** Runs one step of a scrub; what it reads stays until it has ended. */
  async scrub<Result>(step: (journal: ScrubbedJournal) => Promise<Result>): Promise<Result> {
    this.#checkOpen();
    return this.#scrubAccess.run(step);
  }

  /** What the journal takes, and what for (J5). */
  async space(options: MeasureSpaceOptions): Promise<JournalSpace> {
    this.#checkOpen();
    await this.#tailsCut;
    return measureSpace(
      {
        ...{ files: this.#files, disks: this.#disks, points: this.#points, ledger: this.#ledger },
        ...{ leases: this.#leases, tiers: this.retention.tiers, readEpochs: this.#readEpochs() },
      },
      options,
    );
  }

  /** Bytes of storage it takes, holes not counted. */
  async bytesOnDisk(): Promise<number> {
    await this.#tailsCut;
    return this.#files.allocatedBytes();
  }

  /** Drops the open epoch, closes all views, and gives the folder back; the journal can be opened again. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const ended = await Promise.allSettled([this.#maintenance.end()]);
    try {
      await this.#writer.finish();
      await this.#ledger.recordOpenTime(1);
      for (const end of ended) if (end.status === 'rejected') throw end.reason;
    } catch (error) {
      throw storageFailure(error);
    } finally {
      await this.#closeFiles();
      await this.#releaseLock();
    }
  }

  /**
   * Removes the journal for good; resolves to the bytes freed. Errors: JOURNAL_IN_USE while views are open,
   * RECOVERY_POINT_LOCKED.
   */
  async discard(): Promise<number> {
    this.#checkOpen();
    if (this.#views.size > 0) throw viewsOpen(this.#views.size);
    if (this.locks.length > 0) throw pointsLocked(this.locks.map(({ epoch }) => epoch));
    this.#closed = true;
    await this.#maintenance.end();
    const freedBytes = await this.bytesOnDisk();
    await this.#closeFiles();
    await discardFiles(this.#files);
    await this.#releaseLock();
    return freedBytes;
  }

  async #closeFiles(): Promise<void> {
    await this.#scrubAccess.settle();
    for (const view of [...this.#views]) await view.close();
    this.#cache.clear();
    this.#leases.close();
    await this.#openFiles.close();
    for (const disk of this.#disks) await disk.close();
  }

  /**
   * `sizeBytes`: as large as it was, unless the newest state is read at the size of the next epoch. What it
   * reads stays until it is released.
   */
  #newDevice(disk: DiskJournal, epoch: number, sizeBytes = disk.sizeAt(epoch), cache = this.#cache) {
    const baseEpoch = disk.advancedBase?.throughEpoch ?? disk.baseEntry?.commit.epoch;
    assert(baseEpoch !== undefined, 'a journal with an epoch has a base');
    const { segments } = disk;
    const read = { epoch };
    this.#reads.add(read);
    this.#leases.take(segments);
    const openFiles = this.#openFiles;
    const device = new PointInTimeView({ disk, segments, epoch, baseEpoch, sizeBytes, openFiles, cache });
    const release = () => {
      this.#reads.delete(read);
      return this.#leases.giveBack(segments);
    };
    return { device, release };
  }

  #newMaintenance({ ledger, retention, segmentBytes, reserveBytes }: JournalGroupState): Maintenance {
    const points = this.#points;
    const compaction = new Compaction({
      ...{ files: this.#files, openFiles: this.#openFiles, leases: this.#leases, logger: this.#logger },
      ...{ journalId: this.journalId, disks: this.#disks, segmentBytes, reserveBytes },
      firstPointFrom: (epoch) => points.firstFrom(epoch),
      between: (operation) => this.#writer.between(operation),
    });
    const viewedEpochs = this.#readEpochs;
    const advance = new BaseAdvance({
      ...{ files: this.#files, openFiles: this.#openFiles, leases: this.#leases, logger: this.#logger },
      ...{ cache: this.#cache, disks: this.#disks, reserveBytes },
      tableFactor: retention.tableFactor ?? TABLE_FACTOR_DEFAULT,
      oldestReadEpoch: () => Math.min(points.firstFrom(0), ...viewedEpochs()),
      between: (operation) => this.#writer.between(operation),
    });
    const keeps = { retention: this.retention, thinEveryMs: retention.thinEveryMs };
    return new Maintenance({ points, ledger, compaction, advance, ...keeps, viewedEpochs });
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
