/**
 * What the sender has taken from the source and the replica may not have: pure book-keeping of C6, the
 * agent forgets a change only when the replication server has acknowledged the epoch that carries it.
 * Extents are
 *   in hand   taken from the source, not yet looked at,
 *   open      sent in the open epoch,
 *   sent      in epochs that were closed (COMMIT sent) but are not acknowledged,
 * and gone only by DURABLE, or by a full comparison, which makes everything dirty.
 */

import type { Extent } from '@landfall/block';
import type { CapturedExtent, Cut } from '@landfall/capture';
import type { Consistency, EpochCommit } from '@landfall/model';
import { assert, OperationError } from '@landfall/runtime';
import { ExtentSet } from './extents/extent-set.ts';

export interface ReplicaPosition {
  readonly journalId: string;
  /** The newest epoch known to be durable. */
  readonly lastEpoch: number;
}

export interface SentEpoch extends EpochCommit {
  /** Monotonic time of the newest cut the replica is equal to once this epoch is durable. */
  caughtUpUntilNs: bigint;
}

interface Unacknowledged {
  readonly sent: SentEpoch;
  readonly extents: readonly ExtentSet[];
}

export type Resumption =
  | { readonly kind: 'COMPARE' }
  | { readonly kind: 'RESUME'; readonly durable: readonly SentEpoch[]; readonly redo: readonly DiskExtent[] };

export interface DiskExtent extends Extent {
  readonly diskIndex: number;
}

export class EpochLedger {
  readonly #diskCount: number;
  #position: ReplicaPosition | undefined;
  readonly #inHand = new Set<readonly CapturedExtent[]>();
  #open: ExtentSet[];
  #openCount = 0;
  #lastConsistency: Consistency | undefined;
  #unacknowledged: Unacknowledged[] = [];
  /**
   * Until the replica is first heard of: an earlier process may have had later epochs acknowledged than it
   * noted. What they carried is dirty at the source, and so is everything changed since.
   */
  #mayBeAhead: boolean;

  constructor(diskCount: number, previous?: ReplicaPosition) {
    this.#diskCount = diskCount;
    this.#position = previous;
    this.#mayBeAhead = previous !== undefined;
    this.#open = this.#emptySets();
  }

  get position(): ReplicaPosition | undefined {
    return this.#position;
  }

  /** Extents and zero ranges sent since the last commit. */
  get openCount(): number {
    return this.#openCount;
  }

  /** Of the newest epoch that was sent, by us. */
  get lastConsistency(): Consistency | undefined {
    return this.#lastConsistency;
  }

  /** Whether the open epoch has anything of that disk. */
  openTouches(diskIndex: number): boolean {
    return !this.#setOf(this.#open, diskIndex).isEmpty;
  }

  get inFlightCount(): number {
    return this.#unacknowledged.length;
  }

  get newestSent(): SentEpoch | undefined {
    return this.#unacknowledged.at(-1)?.sent;
  }

  /** At once when the source hands them over, whatever happens to the connection meanwhile. */
  hold(extents: readonly CapturedExtent[]): void {
    if (extents.length > 0) this.#inHand.add(extents);
  }

  /** Each of them was sent, or the replica has it already. */
  release(extents: readonly CapturedExtent[]): void {
    this.#inHand.delete(extents);
  }

  /** Before the extent is sent. */
  noteSending(extent: DiskExtent): void {
    this.#setOf(this.#open, extent.diskIndex).add(extent);
    this.#openCount += 1;
  }

  /** Closes the open epoch; the caller sends the commit. */
  commit(cut: Cut): SentEpoch {
    assert(this.#position !== undefined, 'an epoch is sent to a known replica');
    assert(this.#inHand.size === 0, 'C1: nothing taken before the cut is left behind');
    const sent: SentEpoch = {
      epoch: (this.newestSent?.epoch ?? this.#position.lastEpoch) + 1,
      cutTimeMs: Math.floor(cut.cutTimeMs),
      cutMonotonicNs: cut.cutMonotonicNs,
      consistency: cut.consistency ?? 'CRASH_CONSISTENT',
      extentCount: this.#openCount,
      caughtUpUntilNs: cut.cutMonotonicNs,
    };
    this.#unacknowledged.push({ sent, extents: this.#open });
    this.#lastConsistency = sent.consistency;
    this.#beginEpoch();
    return sent;
  }

  /**
   * C6: now, and not before, are these changes forgotten. Errors: PROTOCOL_VIOLATION for an epoch that was
   * not sent.
   */
  durable(epoch: number): readonly SentEpoch[] {
    const oldest = this.#unacknowledged[0]?.sent.epoch ?? Number.POSITIVE_INFINITY;
    const newest = this.newestSent?.epoch ?? 0;
    if (epoch < oldest || epoch > newest) throw notSent(epoch);
    return this.#acknowledge(epoch);
  }

  /** The open epoch is gone, and all it had is dirty again. */
  forgetOpen(): void {
    this.#inHand.clear();
    this.#beginEpoch();
  }

  /** What the source handed over and the replica may not have; may repeat itself. */
  *everythingTaken(): Generator<DiskExtent> {
    for (const extents of this.#inHand) {
      for (const { diskIndex, offsetBytes, lengthBytes } of extents)
        yield { diskIndex, offsetBytes, lengthBytes };
    }
    for (const disks of [...this.#unacknowledged.map(({ extents }) => extents), this.#open]) {
      for (const [diskIndex, set] of disks.entries()) {
        for (const extent of set.extents()) yield { diskIndex, ...extent };
      }
    }
  }

  /** What a replica in this state means for us: go on, or compare everything. */
  resume(replica: ReplicaPosition): Resumption {
    const isOurs = this.#isOurs(replica);
    this.#mayBeAhead = false;
    if (!isOurs) {
      this.#position = replica;
      this.#unacknowledged = [];
      this.forgetOpen();
      return { kind: 'COMPARE' };
    }
    const durable = this.#acknowledge(replica.lastEpoch);
    const redo = [...this.everythingTaken()];
    this.#unacknowledged = [];
    this.forgetOpen();
    return { kind: 'RESUME', durable, redo };
  }

  /**
   * Same journal, nothing lost that we believed durable, nothing there that was not sent by us. Without a
   * single epoch nothing is promised of what was sent, neither that it is there nor that it is not: that is
   * compared.
   */
  #isOurs(replica: ReplicaPosition): boolean {
    const known = this.#position;
    if (known === undefined || known.journalId !== replica.journalId) return false;
    const newest = this.#mayBeAhead ? Infinity : (this.newestSent?.epoch ?? known.lastEpoch);
    const isBetween = replica.lastEpoch >= known.lastEpoch && replica.lastEpoch <= newest;
    return isBetween && replica.lastEpoch > 0;
  }

  #acknowledge(epoch: number): readonly SentEpoch[] {
    assert(this.#position !== undefined, 'a replica is known');
    const durable = this.#unacknowledged.filter(({ sent }) => sent.epoch <= epoch).map(({ sent }) => sent);
    this.#unacknowledged = this.#unacknowledged.slice(durable.length);
    this.#position = { ...this.#position, lastEpoch: epoch };
    return durable;
  }

  #beginEpoch(): void {
    this.#open = this.#emptySets();
    this.#openCount = 0;
  }

  #setOf(sets: readonly ExtentSet[], diskIndex: number): ExtentSet {
    const set = sets[diskIndex];
    assert(set !== undefined, 'a captured extent is of a disk of the source');
    return set;
  }

  #emptySets(): ExtentSet[] {
    return Array.from({ length: this.#diskCount }, () => new ExtentSet());
  }
}

function notSent(epoch: number): OperationError {
  const message = `the replication server acknowledged epoch ${epoch}, which it was not sent`;
  return new OperationError('PROTOCOL_VIOLATION', message, {
    hint: 'check that agent and replication server are of compatible versions',
  });
}
