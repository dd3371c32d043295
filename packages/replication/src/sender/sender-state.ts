/**
 * Everything a sender remembers from one connection to the next. Sessions change it, `sender-status.ts`
 * reads it.
 */
import type { Cut, EpochSource, ReplicaDebt } from '@landfall/capture';
import { assert, type Clock, inlineSha256, type Logger, type Sha256 } from '@landfall/runtime';
import type { Link } from '@landfall/wire';
import { Comparison, type ComparisonMode } from '../comparison/comparison.ts';
import { FreeSpaceSkip } from '../comparison/free-space-skip.ts';
import { EpochLedger, type ReplicaPosition, type SentEpoch } from '../epoch-ledger.ts';
import { CompressionChoice } from '../extents/compression-choice.ts';
import { StageMeter } from '../forecast/stage-meter.ts';
import { LagWindow } from '../link/lag-window.ts';
import { Notifier } from '../link/notifier.ts';
import { RateMeter } from '../link/rate-meter.ts';
import type { EqualityProof } from '../proof/equality-proof.ts';
import { RecoveryPointWaiters } from '../receiver/recovery-point-waiters.ts';

export type SenderPhase = 'IDLE' | 'RUNNING' | 'ENDED';

export class SenderState {
  readonly source: EpochSource;
  readonly clock: Clock;
  readonly ledger: EpochLedger;
  readonly waiters = new RecoveryPointWaiters();
  readonly changed = new Notifier();
  readonly lag = new LagWindow();
  readonly rate = new RateMeter();
  readonly compression = new CompressionChoice();
  readonly stages: StageMeter;
  readonly freeSpace = new FreeSpaceSkip();
  phase: SenderPhase = 'IDLE';
  paused = false;
  epochIntervalMs: number;
  /** The generation of the source whose dirty map the ledger goes with. */
  generation: number;
  /** Set while a full comparison still filters what is taken. */
  comparison: Comparison | undefined;
  /** From the beginning of a full comparison until its result is durable. */
  comparing: 'FIRST_COPY' | 'RESCAN' | undefined;
  comparisonEndsWith: number | undefined;
  /** By disk: nothing was ever written there, not even in an epoch that was abandoned. */
  replicaEmpty: boolean[] = [];
  link: Link | undefined;
  connectedSinceMs: number | undefined;
  everConnected = false;
  connectionError: unknown;
  /** The replication server's last refusal, until it has been accepting for a while. */
  refusal: unknown;
  sourceError: unknown;
  caughtUpUntilNs: bigint | undefined;
  /**
   * Of the newest cut on this connection whose state the replica has, or will have with the epochs on their
   * way.
   */
  equalCutNs: bigint | undefined;
  /** Told of every such cut. */
  readonly cuts = new Notifier();
  /** The proof of equality that is wanted. */
  proof: EqualityProof | undefined;
  bytesRead = 0;
  firstSyncBeganMs: number | undefined;
  firstSyncDurationMs: number | null = null;
  readonly sha256: Sha256;
  #bytesSentBefore = 0;

  constructor(options: {
    readonly source: EpochSource;
    readonly clock: Clock;
    readonly epochIntervalMs: number;
    readonly previous: ReplicaPosition | undefined;
    readonly sha256?: Sha256 | undefined;
  }) {
    this.source = options.source;
    this.clock = options.clock;
    this.sha256 = options.sha256 ?? inlineSha256;
    this.stages = new StageMeter(options.clock);
    this.epochIntervalMs = options.epochIntervalMs;
    this.ledger = new EpochLedger(options.source.disks.length, options.previous);
    this.generation = options.source.generation;
  }

  get nowMs(): number {
    return Number(this.clock.monotonicNs()) / 1e6;
  }

  /** Of the disks that cuts are of. */
  get dirtyBytes(): number {
    const joining = new Set(this.source.joiningDisks);
    return this.source.disks.reduce(
      (sum, _disk, index) => sum + (joining.has(index) ? 0 : this.source.dirtyBytes(index)),
      0,
    );
  }

  /** Of the disks that are copied beside the epochs; `undefined` when there are none. */
  get joiningDirtyBytes(): number | undefined {
    const { joiningDisks = [] } = this.source;
    if (joiningDisks.length === 0) return undefined;
    return joiningDisks.reduce((sum, index) => sum + this.source.dirtyBytes(index), 0);
  }

  get bytesSent(): number {
    return this.#bytesSentBefore + (this.link?.bytesSent ?? 0);
  }

  onConnected(link: Link): void {
    assert(this.link === undefined, 'one connection at a time');
    this.link = link;
    this.connectedSinceMs = this.nowMs;
    this.everConnected = true;
    this.connectionError = undefined;
  }

  onDisconnected(): void {
    this.#bytesSentBefore = this.bytesSent;
    this.link = undefined;
    this.equalCutNs = undefined;
    this.connectedSinceMs = undefined;
    this.sourceError = undefined;
    this.rate.rest();
  }

  /** The newest epoch whose COMMIT was sent, or that the replica had before. */
  get newestSentEpoch(): number {
    return this.ledger.newestSent?.epoch ?? this.ledger.position?.lastEpoch ?? 0;
  }

  /** The replica is equal but for what changes: it can be compared with the source. */
  get isProvable(): boolean {
    const { joiningDisks = [], generation } = this.source;
    const isEqual = this.comparing === undefined && this.comparison === undefined;
    const isWhole = joiningDisks.length === 0 && this.newestSentEpoch > 0;
    return this.link !== undefined && !this.paused && isEqual && isWhole && generation === this.generation;
  }

  /** See `Sender.debt`. */
  debt(): ReplicaDebt | undefined {
    const { position } = this.ledger;
    const isEqual = this.comparing === undefined && this.comparison === undefined;
    if (position === undefined || position.lastEpoch === 0 || !isEqual) return undefined;
    if (this.source.generation !== this.generation) return undefined;
    return { ...position, taken: this.ledger.everythingTaken() };
  }

  /** All disks dirty; what the replica holds decides how it is compared (C5 ends with this epoch). */
  beginComparison(logger: Logger): void {
    const { source, ledger } = this;
    this.#noteWritten();
    this.generation = source.generation;
    for (const [index, disk] of source.disks.entries()) {
      source.markDirty(index, { offsetBytes: 0, lengthBytes: disk.sizeBytes });
    }
    ledger.forgetOpen();
    const disks = source.disks.map(({ sizeBytes }, index) => {
      const mode: ComparisonMode = this.replicaEmpty[index] ? 'EMPTY' : 'HASHES';
      return { sizeBytes, mode };
    });
    this.comparison = new Comparison(disks, this.sha256);
    this.freeSpace.begin(
      source,
      disks.map(({ mode }) => mode),
      logger,
    );
    const isFirst = ledger.position?.lastEpoch === 0 || !this.comparison.readsReplica;
    this.comparing = isFirst ? 'FIRST_COPY' : 'RESCAN';
    this.comparisonEndsWith = undefined;
    this.stages.reset();
    if (this.comparing === 'FIRST_COPY') this.firstSyncBeganMs ??= this.nowMs;
  }

  /** The caller has checked that no doubt arose since the cut, and sends the commit at once. */
  commit(cut: Cut): SentEpoch {
    assert(this.source.generation === this.generation, 'C5: no cut of an older generation is committed');
    this.#noteWritten();
    const sent = this.ledger.commit(cut);
    this.comparison = undefined;
    if (this.comparing !== undefined) this.comparisonEndsWith ??= sent.epoch;
    this.#noteEqual(cut.cutMonotonicNs);
    return sent;
  }

  /** A cut had nothing that the replica does not have, or will have with the epochs on their way. */
  onNothingToSend(cutMonotonicNs: bigint): void {
    this.comparison = undefined;
    this.#noteEqual(cutMonotonicNs);
    const newest = this.ledger.newestSent;
    if (newest !== undefined) {
      newest.caughtUpUntilNs = cutMonotonicNs;
      if (this.comparing !== undefined) this.comparisonEndsWith ??= newest.epoch;
      return;
    }
    this.caughtUpUntilNs = cutMonotonicNs;
    this.comparing = undefined;
  }

  /** After a reconnect, when the replica has every epoch up to `lastEpoch` and the rest is dirty again. */
  onResumed(lastEpoch: number): void {
    if ((this.comparisonEndsWith ?? 0) > lastEpoch) this.comparisonEndsWith = undefined;
  }

  onDurable(durable: readonly SentEpoch[]): void {
    const nowNs = this.clock.monotonicNs();
    for (const epoch of durable) {
      this.lag.add(Number(nowNs - epoch.cutMonotonicNs) / 1e6, Number(nowNs) / 1e6);
      this.caughtUpUntilNs = epoch.caughtUpUntilNs;
      if (this.comparisonEndsWith === epoch.epoch) this.#endComparison();
    }
    this.waiters.settle(durable);
    this.changed.notify();
  }

  #noteEqual(cutMonotonicNs: bigint): void {
    this.equalCutNs = cutMonotonicNs;
    this.cuts.notify();
  }

  /**
   * A disk is empty no more as soon as anything was sent, committed or not: an abandoned first copy leaves
   * traces.
   */
  #noteWritten(): void {
    this.replicaEmpty = this.replicaEmpty.map((empty, index) => empty && !this.ledger.openTouches(index));
  }

  #endComparison(): void {
    if (this.firstSyncBeganMs !== undefined && this.comparing === 'FIRST_COPY') {
      this.firstSyncDurationMs ??= this.nowMs - this.firstSyncBeganMs;
    }
    this.comparing = undefined;
    this.comparisonEndsWith = undefined;
    this.stages.reset();
  }
}
