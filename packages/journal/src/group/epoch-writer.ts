/**
 * The writing side of a journal group: the open epoch of all its disks.
 *
 * An epoch is appended to the segments of the disks it changes, its participants; an empty one to disk 0.
 * Each participant gets a commit record that names all participants, and one `fdatasync` of each touched
 * file, in parallel, makes the epoch durable. There is no separate group log: a single round of syncs is
 * enough, because an epoch exists only if all its commit records do, and idle disks cost nothing. While no
 * epoch exists, the first sync goes straight into the bases.
 *
 * Whatever fails inside an epoch drops the open epoch at once (J4), and everything is refused until `abandon`
 * says that the sender knows: half of an epoch can never be continued as if it were whole.
 */
import type { ExtentHeader } from '@landfall/block';
import type { EpochCommit } from '@landfall/model';
import { AssertionFailure, assert, type Logger } from '@landfall/runtime';
import { epochRefused, storageFailure } from '../journal-errors.ts';
import type { RecoveryPointList } from '../points/recovery-points.ts';
import { checkLengths, checkPayload, checkRange } from '../segments/extent-checks.ts';
import { COMMIT_RECORD_BYTES, participantsOf, RECORD_HEADER_BYTES } from '../segments/segment-records.ts';
import type { StagingSpace } from '../space/staging-space.ts';
import { OperationQueue } from '../storage/operation-queue.ts';
import type { DiskJournal } from './disk-journal.ts';
import { allSettled, GroupSync } from './group-sync.ts';

export interface EpochWriterOptions {
  readonly disks: readonly DiskJournal[];
  /** Durable epochs; the writer adds to it. */
  readonly points: RecoveryPointList;
  readonly space: StagingSpace;
  readonly logger: Logger;
}

export class EpochWriter {
  readonly #disks: readonly DiskJournal[];
  readonly #points: RecoveryPointList;
  readonly #space: StagingSpace;
  readonly #logger: Logger;
  readonly #queue = new OperationQueue();
  readonly #sync: GroupSync;
  /** The newest epoch that is closed; durable a moment later. */
  #closedEpoch: number;
  #openExtents = 0;
  readonly #openDisks = new Set<number>();
  /** Why everything is refused until `abandon`. */
  #failure: Error | undefined;
  /** Closed epochs failed to become durable and are still to be dropped. */
  #syncFailed = false;
  #closed = false;

  constructor(options: EpochWriterOptions) {
    this.#disks = options.disks;
    this.#points = options.points;
    this.#space = options.space;
    this.#logger = options.logger;
    this.#closedEpoch = options.points.lastEpoch;
    this.#sync = new GroupSync(options.disks, {
      onDurable: (commit) => this.#becameDurable(commit),
      onFailure: (error) => this.#failSync(error),
      onIdle: () => this.#rollWhenIdle(),
    });
  }

  putExtent(header: ExtentHeader, payload: Buffer, release?: () => void): Promise<void> {
    return this.#put(async () => {
      const disk = checkRange(this.#disks, header.diskIndex, header);
      checkLengths(header, payload);
      await this.#space.take(RECORD_HEADER_BYTES + Math.max(payload.length, header.lengthBytes));
      if (this.#closedEpoch === 0) return disk.base.writeExtent(header, payload, release);
      checkPayload(header, payload);
      await this.#join(disk);
      await disk.appendExtent({ header, payload, release }, this.#closedEpoch + 1);
    });
  }

  putZeroes(diskIndex: number, offsetBytes: number, lengthBytes: number): Promise<void> {
    return this.#put(async () => {
      const disk = checkRange(this.#disks, diskIndex, { offsetBytes, lengthBytes });
      await this.#space.take(RECORD_HEADER_BYTES);
      if (this.#closedEpoch === 0) return disk.base.writeZeroes(offsetBytes, lengthBytes);
      await this.#join(disk);
      await disk.appendZeroes(offsetBytes, lengthBytes, this.#closedEpoch + 1);
    });
  }

  /** Closes the open epoch; resolves when it is durable. The next one may be put before that. */
  async commit(commit: EpochCommit): Promise<void> {
    const { durable } = await this.#queue.run(async () => {
      try {
        this.#checkWritable();
        return { durable: await this.#closeEpoch(commit) };
      } catch (error) {
        throw await this.#fail(error);
      }
    });
    await durable();
  }

  abandon(): Promise<void> {
    return this.#queue.run(async () => {
      try {
        await this.#rollBack();
      } catch (error) {
        throw storageFailure(error);
      }
      this.#failure = undefined;
    });
  }

  /**
   * What the files had after the last epoch goes, before anything else is done; it was not the journal's any
   * more when it was opened. Until that is durable on all disks no epoch may be: the old records would be
   * taken for a participant's of another epoch of the same number. Resolves when they are gone, or when that
   * failed; then everything is refused until `abandon` has done it.
   */
  cutTails(): Promise<void> {
    return this.#inBackground(async () => {
      try {
        await this.#rollBack();
      } catch (error) {
        await this.#fail(error);
      }
    });
  }

  /** Something that must not run beside a write. */
  between<Result>(operation: () => Promise<Result>): Promise<Result> {
    return this.#queue.run(operation);
  }

  /** Drops the open epoch, waits for the closed ones, and leaves word of what is durable. */
  async finish(): Promise<void> {
    this.#closed = true;
    await this.#queue.run(async () => {
      await this.#sync.settled();
      await this.#rollBack();
      if (this.#closedEpoch === 0) await allSettled(this.#disks.map((disk) => disk.base.sync()));
      else for (const disk of this.#disks) await disk.recordDurable();
    });
  }

  /** One put in its turn. */
  #put(operation: () => Promise<void>): Promise<void> {
    return this.#queue.run(async () => {
      try {
        this.#checkWritable();
        await operation();
        this.#openExtents += 1;
      } catch (error) {
        throw await this.#fail(error);
      }
    });
  }

  /** The disk takes part in the open epoch; between epochs is when its segment may be sealed. */
  async #join(disk: DiskJournal): Promise<void> {
    if (this.#openDisks.has(disk.diskIndex)) return;
    if (disk.wantsRoll) await this.#roll(disk);
    this.#openDisks.add(disk.diskIndex);
  }

  async #roll(disk: DiskJournal): Promise<void> {
    await this.#sync.settled();
    this.#checkWritable();
    await disk.roll();
  }

  /** What it resolves to settles when the epoch is durable. */
  async #closeEpoch(commit: EpochCommit): Promise<() => Promise<void>> {
    this.#checkCommit(commit);
    if (this.#closedEpoch === 0) {
      await this.#commitBase(commit);
      return () => Promise.resolve();
    }
    await this.#sync.waitForRoom();
    const disks = await this.#participants();
    await this.#space.take(COMMIT_RECORD_BYTES * disks.length);
    const participants = participantsOf(this.#openDisks);
    const record = { ...commit, participants, durableEpoch: this.#points.lastEpoch };
    await allSettled(disks.map((disk) => disk.appendCommit(record)));
    this.#checkWritable();
    for (const disk of disks) disk.acceptCommit(record);
    this.#startEpoch(commit.epoch);
    const durable = this.#sync.add(commit);
    return () => durable;
  }

  async #participants(): Promise<readonly DiskJournal[]> {
    const first = this.#disks[0];
    assert(first !== undefined, 'a group has disks');
    if (this.#openDisks.size === 0) await this.#join(first);
    return this.#disks.filter((disk) => this.#openDisks.has(disk.diskIndex));
  }

  /** The first epoch: the base becomes the disk at that epoch, on all disks or on none. */
  async #commitBase(commit: EpochCommit): Promise<void> {
    try {
      const completed = this.#disks.map(async (disk) => ({ disk, tableSha256: await disk.base.complete() }));
      const bases = await allSettled(completed);
      await allSettled(bases.map(({ disk, tableSha256 }) => disk.recordBase({ commit, tableSha256 })));
    } catch (error) {
      for (const disk of this.#disks) disk.forgetBase();
      throw error;
    }
    this.#startEpoch(commit.epoch);
    this.#becameDurable(commit);
  }

  #becameDurable(commit: EpochCommit): void {
    assert(commit.epoch === this.#points.lastEpoch + 1, 'J2: epochs become durable in order');
    this.#points.add(commit);
  }

  #startEpoch(closedEpoch: number): void {
    this.#closedEpoch = closedEpoch;
    this.#openExtents = 0;
    this.#openDisks.clear();
  }

  #checkCommit(commit: EpochCommit): void {
    const { epoch, extentCount } = commit;
    const expected = this.#closedEpoch + 1;
    if (epoch !== expected) {
      throw epochRefused(`epoch ${epoch} does not follow epoch ${this.#closedEpoch}`, { epoch, expected });
    }
    if (extentCount === this.#openExtents) return;
    const message = `epoch ${epoch} should have ${extentCount} extents, but ${this.#openExtents} were put`;
    throw epochRefused(message, { epoch, extentCount, putCount: this.#openExtents });
  }

  /** Drops the open epoch and refuses everything until `abandon`; resolves to the error the caller gets. */
  async #fail(error: unknown): Promise<Error> {
    if (error === this.#failure || this.#closed) return this.#failure ?? storageFailure(error);
    const failure = error instanceof AssertionFailure ? error : storageFailure(error);
    this.#failure ??= failure;
    this.#logger.error('journal-epoch-dropped', { epoch: this.#closedEpoch + 1, error: failure });
    await this.#rollBackAfterFailure();
    return failure;
  }

  #failSync(error: unknown): Error {
    const failure = storageFailure(error);
    this.#failure ??= failure;
    this.#syncFailed = true;
    this.#logger.error('journal-sync-failed', { durableEpoch: this.#points.lastEpoch, error: failure });
    this.#inBackground(() => this.#rollBackAfterFailure());
    return failure;
  }

  async #rollBackAfterFailure(): Promise<void> {
    if (this.#failure === undefined) return;
    try {
      await this.#rollBack();
    } catch (error) {
      // `abandon` tries again, and refuses as long as it cannot.
      this.#logger.error('journal-rollback-failed', { error });
    }
  }

  async #rollBack(): Promise<void> {
    this.#space.forget();
    if (this.#syncFailed) {
      for (const disk of this.#disks) disk.reopenUndurable(this.#points.lastEpoch);
      this.#closedEpoch = this.#points.lastEpoch;
      this.#syncFailed = false;
    }
    this.#startEpoch(this.#closedEpoch);
    for (const disk of this.#disks) await disk.rollBack();
  }

  #rollWhenIdle(): void {
    if (this.#closed || !this.#disks.some((disk) => disk.wantsRoll)) return;
    this.#inBackground(async () => {
      if (this.#failure !== undefined || this.#closed) return;
      try {
        for (const disk of this.#disks) if (disk.wantsRoll) await this.#roll(disk);
      } catch (error) {
        await this.#fail(error);
      }
    });
  }

  #inBackground(operation: () => Promise<void>): Promise<void> {
    return this.#queue.run(operation).catch((error: unknown) => {
      this.#logger.error('journal-background-operation-failed', { error });
    });
  }

  #checkWritable(): void {
    assert(!this.#closed, 'a closed journal is not written');
    if (this.#failure !== undefined) throw this.#failure;
  }
}
