/**
 * Which epochs are recovery points, on disk and in memory: thinning, pins and locks of a group. The file
 * `points` is always written first; memory follows when it is durable. After a failed replacement either
 * version may be on disk, and the next change writes it anew; until one succeeds memory lists what both do,
 * and compaction goes by memory, so a point that is listed is readable (J3).
 *
 * A lock ends when two clocks agree: the wall clock of this machine has reached its date, and the journal
 * has been open, by a clock that only moves forward, for as long as the date was away when it was locked.
 * So no wall clock, wherever it is set, ends a lock early; time the journal is closed makes it end later
 * instead.
 */
import type { RecoveryPoint, RetentionTier } from '@landfall/model';
import { assert, type Clock, OperationError } from '@landfall/runtime';
import { pointMissing, storageFailure } from '../journal-errors.ts';
import type { JournalFiles } from '../storage/journal-files.ts';
import { OperationQueue } from '../storage/operation-queue.ts';
import { type PointLock, type PointPin, type PointsDocument, writePoints } from './points-document.ts';
import type { RecoveryPointList } from './recovery-points.ts';
import { pointsToKeep } from './retention-policy.ts';

/** While something is locked, how long the journal was open is written down at least so often. */
const OPEN_TIME_WRITE_MS = 10 * 60 * 1000;
const NS_PER_MS = 1_000_000n;
const PIN_NAME_LENGTH_MAX = 200;
const PINS_MAX = 10_000;

export interface PointsLedgerOptions {
  readonly files: JournalFiles;
  readonly clock: Clock;
  readonly points: RecoveryPointList;
  /** As it was read. */
  readonly document: PointsDocument;
}

export class PointsLedger {
  readonly #files: JournalFiles;
  readonly #clock: Clock;
  readonly #points: RecoveryPointList;
  readonly #queue = new OperationQueue();
  readonly #openedNs: bigint;
  #document: PointsDocument;
  #uncertain = false;
  #changes = 0;

  constructor({ files, clock, points, document }: PointsLedgerOptions) {
    this.#files = files;
    this.#clock = clock;
    this.#points = points;
    this.#document = document;
    this.#openedNs = clock.monotonicNs() - BigInt(document.openMs) * NS_PER_MS;
  }

  /** Grows with every pin and lock that comes or goes. */
  get changes(): number {
    return this.#changes;
  }

  get pins(): readonly PointPin[] {
    return this.#document.pins;
  }

  /** Those that have not ended. */
  get locks(): readonly PointLock[] {
    return lockedPoints(this.#document, { nowMs: this.#clock.nowMs(), openMs: this.#openMs });
  }

  /** A point with a name stays until it is unpinned; a second name replaces the first. */
  pin(epoch: number, name: string): Promise<void> {
    return this.#queue.run(async () => {
      this.#find(epoch);
      const others = this.pins.filter((pin) => pin.epoch !== epoch);
      if (name.trim() === '' || name.length > PIN_NAME_LENGTH_MAX || others.length >= PINS_MAX) {
        const limits = `a name has 1 to ${PIN_NAME_LENGTH_MAX} characters, a server ${PINS_MAX} names at most`;
        throw new OperationError('OPTION_INVALID', 'this recovery point cannot be given that name', {
          hint: limits,
        });
      }
      await this.#write({ pins: [...others, { epoch, name }] });
    });
  }

  /** Nothing to do when it has no name. */
  unpin(epoch: number): Promise<void> {
    return this.#queue.run(async () => {
      const others = this.pins.filter((pin) => pin.epoch !== epoch);
      if (others.length < this.pins.length || this.#uncertain) await this.#write({ pins: others });
    });
  }

  /** Nobody can remove the point before `untilMs`; a lock can be made longer, never shorter. */
  lock(epoch: number, untilMs: number): Promise<void> {
    return this.#queue.run(async () => {
      this.#find(epoch);
      const remainingMs = untilMs - this.#clock.nowMs();
      if (!Number.isSafeInteger(untilMs) || remainingMs <= 0) {
        throw new OperationError('OPTION_INVALID', 'a recovery point can only be locked until a later date', {
          hint: 'give a date in the future; check the clock of the replication server',
        });
      }
      const { locks } = this;
      const before = locks.find((lock) => lock.epoch === epoch);
      const lock = {
        epoch,
        untilMs: Math.max(untilMs, before?.untilMs ?? 0),
        untilOpenMs: Math.max(this.#openMs + remainingMs, before?.untilOpenMs ?? 0),
      };
      await this.#write({ locks: [...locks.filter((other) => other.epoch !== epoch), lock] });
    });
  }

  /** Drops what the tiers do not keep; resolves to those epochs, in order. What is held stays. */
  thin(tiers: readonly RetentionTier[], held: () => ReadonlySet<number>): Promise<readonly number[]> {
    return this.#queue.run(async () => {
      const dropped = this.surplus(tiers, held);
      if (dropped.size > 0) await this.#write({ dropped });
      return [...dropped];
    });
  }

  /** What `thin` would drop at this moment. */
  surplus(tiers: readonly RetentionTier[], held: () => ReadonlySet<number>): ReadonlySet<number> {
    const named = [...this.pins, ...this.locks].map(({ epoch }) => epoch);
    const stay = new Set([...named, ...held()]);
    const points = this.#points.aged();
    const keep = pointsToKeep(points, tiers, (epoch) => stay.has(epoch));
    return new Set(points.flatMap(({ epoch }, row) => (keep[row] === true ? [] : [epoch])));
  }

  /** Resolves when what was asked for before has ended. */
  settled(): Promise<void> {
    return this.#queue.run(() => Promise.resolve());
  }

  /** So that what was open counts for locks although the program ends. */
  async recordOpenTime(everyMs = OPEN_TIME_WRITE_MS): Promise<void> {
    if (this.locks.length === 0 || this.#openMs - this.#document.openMs < everyMs) return;
    await this.#queue.run(() => this.#write({}));
  }

  get #openMs(): number {
    return Number((this.#clock.monotonicNs() - this.#openedNs) / NS_PER_MS);
  }

  #find(epoch: number): RecoveryPoint {
    const point = this.#points.find(epoch);
    if (point === undefined) throw pointMissing(epoch, this.#points);
    return point;
  }

  async #write(change: {
    readonly dropped?: ReadonlySet<number>;
    readonly pins?: readonly PointPin[];
    readonly locks?: readonly PointLock[];
  }): Promise<void> {
    const { dropped = new Set<number>(), pins = this.pins, locks = this.locks } = change;
    const points = this.#points.aged().filter(({ epoch }) => !dropped.has(epoch));
    const throughEpoch = points.at(-1)?.epoch ?? 0;
    assert(throughEpoch === this.#points.lastEpoch, 'the newest recovery point is never dropped');
    const { journalId } = this.#document;
    const document = { journalId, throughEpoch, points, pins, locks, openMs: this.#openMs };
    this.#uncertain = true;
    try {
      await writePoints(this.#files, document);
    } catch (error) {
      throw storageFailure(error);
    }
    this.#uncertain = false;
    this.#document = document;
    if (change.pins !== undefined || change.locks !== undefined) this.#changes += 1;
    if (dropped.size > 0) this.#points.drop(dropped);
  }
}

/** Locks that have not ended. */
export function lockedPoints(
  document: Pick<PointsDocument, 'locks'>,
  { nowMs, openMs }: { readonly nowMs: number; readonly openMs: number },
): readonly PointLock[] {
  return document.locks.filter((lock) => nowMs < lock.untilMs || openMs < lock.untilOpenMs);
}
