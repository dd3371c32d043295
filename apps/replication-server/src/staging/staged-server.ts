/**
 * One source server in the staging area: its journal while it can be opened, and why not while it cannot.
 * Which disks the server has, and how large they are, its agent says in every HELLO; the journal takes that
 * on from the next epoch. Its older recovery points keep the disks they had.
 */
import type { ReadableBlockDevice } from '@landfall/block';
import type { ReplicationServerReport } from '@landfall/channel';
import { type JournalDisk, type JournalGroup, JournalScrub } from '@landfall/journal';
import type { PointSelector, RecoveryPoint, SourceDisk } from '@landfall/model';
import type { EpochStore, ReceiverProgress } from '@landfall/replication';
import { describeError, type Logger, OperationError } from '@landfall/runtime';
import type { Hello, HelloDisk } from '@landfall/wire';
import { scrubFacts } from '../journals/scrub-facts.ts';
import type { ServerTripwire } from '../tripwire/server-tripwire.ts';
import { factsOf } from '../tripwire/tripwire-facts.ts';
import { SelectedDisksStore } from './selected-disks-store.ts';

export type ServerReport = ReplicationServerReport['servers'][number];

/**
 * Failures of the staging area itself: replication of the server cannot go on until somebody does something.
 */
const STALLING_CODES: ReadonlySet<string> = new Set([
  'STAGING_FULL',
  'JOURNAL_LIMIT_REACHED',
  'JOURNAL_STORAGE_FAILED',
  'JOURNAL_DAMAGED',
  'JOURNAL_IN_USE',
  'EXTENT_DAMAGED',
  'JOURNAL_DISKS_CHANGED',
  'ENCRYPTION_KEY_MISSING',
  'ENCRYPTION_KEY_INVALID',
  'ENCRYPTION_COMMAND_FAILED',
]);
const SIZE_AGE_MS_MAX = 5000;

export interface StagedServerParts {
  readonly group: JournalGroup;
  readonly logger: Logger;
  readonly tripwire?: ServerTripwire;
}

export class StagedServer {
  readonly sourceServerId: string;
  readonly group: JournalGroup;
  readonly scrub: JournalScrub;
  /** Absent where nobody watches. */
  readonly tripwire: ServerTripwire | undefined;
  /** Grows while its agent sends. */
  progressCount = 0;
  #disks: readonly SourceDisk[];
  #connected = false;
  #lastCutTimeMs: number | null;
  #bytesReceivedBefore = 0;
  #bytesReceivedNow = 0;
  #stalled: { readonly code: string; readonly message: string; readonly epoch: number } | undefined;
  #size = { bytes: 0, atMs: Number.NEGATIVE_INFINITY };

  constructor(
    sourceServerId: string,
    disks: readonly SourceDisk[],
    { group, logger, tripwire }: StagedServerParts,
  ) {
    this.sourceServerId = sourceServerId;
    this.group = group;
    this.scrub = new JournalScrub({ logger });
    this.tripwire = tripwire;
    this.#disks = disks;
    this.#lastCutTimeMs = group.newestPoint?.cutTimeMs ?? null;
  }

  onProgress(progress: ReceiverProgress): void {
    this.progressCount += 1;
    if (progress.bytesReceived < this.#bytesReceivedNow) this.#bytesReceivedBefore += this.#bytesReceivedNow;
    this.#bytesReceivedNow = progress.bytesReceived;
    this.#connected = progress.connected;
    this.#lastCutTimeMs = progress.lastCutTimeMs ?? this.#lastCutTimeMs;
    const { failure, lastEpoch } = progress;
    if (failure !== undefined && STALLING_CODES.has(failure.code))
      this.#stalled = { ...failure, epoch: lastEpoch };
    else if (this.#stalled !== undefined && lastEpoch > this.#stalled.epoch) this.#stalled = undefined;
  }

  /** What is known of its disks, those it no longer has included. */
  get disks(): readonly SourceDisk[] {
    return this.#disks;
  }

  hasDisksOf(hello: Hello): boolean {
    const now = this.group.disks.filter(({ sizeBytes }) => sizeBytes > 0);
    const known = new Map(now.map((disk) => [disk.diskId, disk]));
    return (
      now.length === hello.disks.length &&
      hello.disks.every(({ diskId, sizeBytes, joining = false }) => {
        const disk = known.get(diskId);
        const isMember = (disk?.isJoining ?? false) === false;
        return disk?.sizeBytes === sizeBytes && (isMember !== joining || this.group.lastEpoch === 0);
      })
    );
  }

  /**
   * The journal for a connection with these disks. Errors: STAGING_FULL, JOURNAL_STORAGE_FAILED when other
   * disks cannot be written down.
   */
  async storeFor(hello: Hello): Promise<EpochStore> {
    this.#disks = disksOf(hello, this.#disks);
    if (!this.hasDisksOf(hello)) {
      await this.group.abandon();
      await this.group.changeDisks(hello.disks.map(journalDiskOf));
    }
    const numbers = new Map(this.group.disks.map(({ diskId }, index) => [diskId, index]));
    return new SelectedDisksStore(
      this.tripwire?.changes.watch(this.group) ?? this.group,
      hello.disks.flatMap(({ diskId }) => numbers.get(diskId) ?? []),
    );
  }

  /** The disks the server had at a recovery point, as large as they were. */
  disksAt(epoch: number): readonly SourceDisk[] {
    return this.group.disks.flatMap(({ diskId }, index) => {
      const sizeBytes = this.group.diskSizeAt(index, epoch);
      if (sizeBytes === 0) return [];
      const known = this.#disks.find((disk) => disk.diskId === diskId);
      // Not known: it joined, and then this program ended before it had written that down.
      return [{ deviceName: `/dev/${diskId}`, isBootDisk: false, ...known, diskId, sizeBytes }];
    });
  }

  /**
   * The same, when no thinning is under way that was decided before: from now on the point is there until
   * another one drops it. Errors: RECOVERY_POINT_MISSING.
   */
  async settledDisksAt(epoch: number): Promise<readonly SourceDisk[]> {
    await this.group.pointsSettled();
    await this.resolve({ kind: 'EPOCH', epoch });
    return this.disksAt(epoch);
  }

  /** Errors: NO_RECOVERY_POINT, RECOVERY_POINT_MISSING. */
  async resolve(at: PointSelector): Promise<RecoveryPoint> {
    const point = await this.#find(at);
    if (point !== undefined) return point;
    const oldest = this.group.oldestPoint;
    const what = at.kind === 'TIME' ? ` at or before ${new Date(at.timeMs).toISOString()}` : '';
    const hint =
      oldest === undefined
        ? 'wait until the first copy of the server is complete'
        : `choose a time from ${new Date(oldest.cutTimeMs).toISOString()} on`;
    throw new OperationError('NO_RECOVERY_POINT', `${this.sourceServerId} has no recovery point${what}`, {
      hint,
    });
  }

  async #find(at: PointSelector): Promise<RecoveryPoint | undefined> {
    if (at.kind === 'LATEST') return this.group.newestPoint;
    if (at.kind === 'TIME') return this.group.pointAtOrBefore(at.timeMs);
    const view = await this.group.openView(at.epoch);
    await view.close();
    return view.point;
  }

  /** One disk at a recovery point; whoever gets it closes it. Errors: RECOVERY_POINT_MISSING. */
  async openDisk(diskId: string, epoch: number): Promise<ReadableBlockDevice | undefined> {
    const index = this.group.disks.findIndex((disk) => disk.diskId === diskId);
    if (index < 0 || this.group.diskSizeAt(index, epoch) === 0) return undefined;
    const view = await this.group.openView(epoch);
    const device = view.disks[index];
    if (device === undefined) throw new OperationError('INTERNAL_ERROR', `the journal has no ${diskId}`);
    return {
      sizeBytes: device.sizeBytes,
      read: (offsetBytes, target) => device.read(offsetBytes, target),
      allocation: (offsetBytes, lengthBytes) => device.allocation(offsetBytes, lengthBytes),
      close: () => view.close(),
    };
  }

  /** `spaceWarning`: space runs out soon, and what to do. */
  async report(nowMs: number, spaceWarning?: string): Promise<ServerReport> {
    const stalled = this.#stalled;
    return {
      sourceServerId: this.sourceServerId,
      connected: this.#connected,
      lastEpoch: this.group.lastEpoch,
      lastCutTimeMs: this.#lastCutTimeMs,
      recoveryPoints: this.group.recoveryPointCount,
      bytesOnDisk: await this.#bytesOnDisk(nowMs),
      bytesReceived: this.#bytesReceivedBefore + this.#bytesReceivedNow,
      scrub: scrubFacts(this.scrub.status),
      ...(spaceWarning === undefined ? {} : { spaceWarning }),
      ...(this.tripwire === undefined
        ? {}
        : { tripwire: factsOf(this.tripwire.incidents, this.group.disks) }),
      ...(stalled === undefined ? {} : { stalled: { code: stalled.code, message: stalled.message } }),
    };
  }

  async #bytesOnDisk(nowMs: number): Promise<number> {
    if (Math.abs(nowMs - this.#size.atMs) > SIZE_AGE_MS_MAX) {
      this.#size = { bytes: await this.group.bytesOnDisk(), atMs: nowMs };
    }
    return this.#size.bytes;
  }
}

/**
 * The disks of a connection, and those known before that it no longer has. A disk that joins is not booted
 * from.
 */
export function disksOf(hello: Hello, known: readonly SourceDisk[]): readonly SourceDisk[] {
  const present = new Map(hello.disks.map((disk) => [disk.diskId, disk]));
  const kept = known.map((disk) => ({ ...disk, ...present.get(disk.diskId) }));
  const names = new Set(known.map(({ diskId }) => diskId));
  const joined = hello.disks.filter(({ diskId }) => !names.has(diskId));
  return [...kept, ...joined.map((disk) => ({ ...disk, isBootDisk: false }))];
}

export function journalDiskOf({ diskId, sizeBytes, joining = false }: HelloDisk): JournalDisk {
  return { diskId, sizeBytes, ...(joining ? { isJoining: true } : {}) };
}

/** What is told of a server whose journal cannot be opened. */
export function stalledReport(sourceServerId: string, error: unknown): ServerReport {
  const code = error instanceof OperationError ? error.code : 'INTERNAL_ERROR';
  return {
    sourceServerId,
    connected: false,
    lastEpoch: 0,
    lastCutTimeMs: null,
    recoveryPoints: 0,
    bytesOnDisk: 0,
    bytesReceived: 0,
    stalled: { code, message: describeError(error) },
  };
}
