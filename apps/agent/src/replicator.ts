/**
 * Brings this server's replication to what is wanted, and keeps it there. One step, `reconcile`, taken every
 * second and whenever the configuration changes: it looks at the disks, opens or closes tracking and sending,
 * and is never in a hurry. Whatever fails is told as STALLED with its reason, and tried again at the next
 * step; nothing is lost by that, because tracking that begins again knows what changed meanwhile, or
 * compares.
 *
 *   wanted      tracking   sending
 *   STOP        closed     closed
 *   PAUSE       open       as it was, but silent
 *   REPLICATE   open       open, once a replication server is assigned
 *
 * One sender lives as long as the tracking it began with: only together do they know what the replica has. A
 * lost connection, or a pause, is the sender's own business.
 */
import type { AgentConfiguration } from '@landfall/channel';
import type {
  BandwidthSchedule,
  CaptureFacts,
  DataReplicationErrorString,
  DiskChange,
  ProofRequest,
  RecoveryPoint,
} from '@landfall/model';
import { type Clock, describeError, type Logger, OperationError } from '@landfall/runtime';
import type { FoundDisk, KnownDisk } from './disk-mapping.ts';
import { type DiskDetection, DiskWatch } from './disk-watch.ts';
import { idleReplication, type ReplicationFacts } from './replication-report.ts';

export type ReplicationServerAddress = NonNullable<AgentConfiguration['replicationServer']>;

export interface Tracking {
  /** Why tracking cannot go on, once it cannot; it must be closed then. */
  failure(): unknown;
  /**
   * How changes are found; absent when there is nothing to tell. `sending`: how that goes, while it is open.
   */
  capture?(sending?: SendingProgress): CaptureFacts;
  /** How it began, and what a restart of the agent would need now; a line each, for people. */
  account?(): TrackingAccount;
  close(): Promise<void>;
}

export type SendingProgress = Pick<ReplicationFacts, 'state' | 'lagMs'>;

export interface TrackingAccount {
  readonly start: string;
  readonly restart: string;
}

/** Disks that were added while the others were replicated. */
export interface JoiningDisks {
  readonly diskIds: readonly string[];
  onJoined(diskIds: readonly string[]): void;
}

export interface Sending {
  facts(): ReplicationFacts;
  takeRecoveryPoint(): Promise<RecoveryPoint>;
  configure(settings: SendingSettings): void;
  /** Why sending cannot go on, once it cannot; it must be closed then. */
  failure(): unknown;
  close(): Promise<void>;
}

export interface SendingSettings {
  readonly paused: boolean;
  /** 0: no cap. */
  readonly bandwidthThrottlingMbps: number;
  readonly bandwidthSchedule?: BandwidthSchedule | undefined;
  readonly impactBudgetPercent?: number | undefined;
  readonly epochIntervalMs: number;
  readonly proof?: ProofRequest | undefined;
}

export interface ReplicatorOptions<Opened extends Tracking> {
  readonly disks: readonly KnownDisk[];
  readonly nextDiskNumber?: number;
  /** Default: NAMED. */
  readonly detection?: DiskDetection;
  findDisks(known: readonly KnownDisk[], thorough: boolean): Promise<readonly FoundDisk[]>;
  /** Writes down what disks there are now, before it takes effect. */
  saveDisks?(disks: readonly KnownDisk[]): Promise<void>;
  openTracking(disks: readonly KnownDisk[], joining: JoiningDisks): Promise<Opened>;
  openSending(
    tracking: Opened,
    server: ReplicationServerAddress,
    settings: SendingSettings,
  ): Promise<Sending>;
  /** Replication has ended for good, or never began: leaves nothing behind. Tracking is closed. */
  endTracking?(): Promise<void>;
  readonly logger: Logger;
  readonly clock: Clock;
}

const STEP_MS = 1000;
/** After a failure the next attempt waits longer, up to this. */
const FAILURE_PAUSE_MS_MAX = 15_000;

export class Replicator<Opened extends Tracking> {
  readonly #options: ReplicatorOptions<Opened>;
  readonly #watch: DiskWatch;
  #wanted: AgentConfiguration | undefined;
  #tracking: Opened | undefined;
  #sending: Sending | undefined;
  #sendingTo: string | undefined;
  #problem: OperationError | undefined;
  #failures = 0;
  #ended = false;
  #wake = new AbortController();
  /** Of senders that were closed; those of the open one are added. */
  #countedBefore: Counted = { bytesRead: 0, bytesSent: 0, firstSyncDurationMs: null };
  /** What the last sender knew, and when: the recovery points it made stay, and their age grows. */
  #last: { readonly facts: ReplicationFacts; readonly atMs: number } | undefined;

  constructor(options: ReplicatorOptions<Opened>) {
    this.#options = options;
    this.#watch = new DiskWatch({
      ...options,
      detection: options.detection ?? 'NAMED',
      save: async (disks) => options.saveDisks?.(disks),
    });
  }

  /** The disks with the device names they have now. */
  get disks(): readonly KnownDisk[] {
    return this.#watch.disks;
  }

  /** What happened to them lately, newest last. */
  get diskChanges(): readonly DiskChange[] {
    return this.#watch.changes;
  }

  get trackingAccount(): TrackingAccount | undefined {
    return this.#tracking?.account?.();
  }

  get replicationServer(): ReplicationServerAddress | undefined {
    return this.#wanted?.replicationServer;
  }

  want(configuration: AgentConfiguration): void {
    const changed = JSON.stringify(configuration) !== JSON.stringify(this.#wanted);
    this.#wanted = configuration;
    if (changed) this.#wake.abort();
  }

  facts(): ReplicationFacts {
    const sending = this.#sending?.facts();
    const counted = sending === undefined ? this.#countedBefore : addCounted(this.#countedBefore, sending);
    const capture = this.#tracking?.capture?.(sending);
    const facts = {
      ...{ ...(sending ?? this.#idleFacts()), ...counted, diskChanges: this.diskChanges },
      ...(capture === undefined ? {} : { capture }),
    };
    if (this.#problem === undefined) return facts;
    return { ...facts, state: 'STALLED', error: describeProblem(this.#problem) };
  }

  /** Errors: REPLICATION_NOT_RUNNING, and those of sending. */
  async takeRecoveryPoint(): Promise<RecoveryPoint> {
    if (this.#sending !== undefined) return this.#sending.takeRecoveryPoint();
    const why = this.#problem === undefined ? 'it has not begun or is paused' : describeError(this.#problem);
    throw new OperationError('REPLICATION_NOT_RUNNING', `this server is not being replicated now: ${why}`, {
      hint: 'see `landfall-agent status` on the source server',
      retryable: true,
    });
  }

  /** Works until the signal, then closes everything. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#wake = new AbortController();
      await this.#step();
      const pauseMs = Math.min(FAILURE_PAUSE_MS_MAX, STEP_MS * 2 ** Math.min(this.#failures, 10));
      await this.#pause(pauseMs, AbortSignal.any([signal, this.#wake.signal]));
    }
    await this.#closeAll();
  }

  async #step(): Promise<void> {
    try {
      await this.#reconcile();
      if (this.#problem !== undefined) this.#options.logger.info('replication-goes-on');
      this.#problem = undefined;
      this.#failures = 0;
    } catch (error) {
      this.#noteProblem(error);
      this.#failures = isDiskProblem(error) ? 0 : this.#failures + 1;
      await this.#closeAll();
    }
  }

  async #reconcile(): Promise<void> {
    const wanted = this.#wanted;
    if (wanted === undefined) return;
    if (wanted.desired === 'STOP' || wanted.desired === 'UNINSTALL') return this.#end();
    this.#ended = false;
    await this.#checkDisks(wanted);
    this.#throwFailure(this.#tracking?.failure());
    this.#tracking ??= await this.#options.openTracking(this.disks, {
      diskIds: this.#watch.joiningDiskIds,
      onJoined: (diskIds) => this.#watch.onJoined(diskIds),
    });
    await this.#reconcileSending(wanted, this.#tracking);
  }

  async #reconcileSending(wanted: AgentConfiguration, tracking: Opened): Promise<void> {
    const { desired, replicationServer: server, ...configured } = wanted;
    const settings = { ...configured, paused: desired === 'PAUSE' };
    const target = JSON.stringify(server);
    if (this.#sending !== undefined && target !== this.#sendingTo) await this.#closeSending();
    this.#throwFailure(this.#sending?.failure());
    this.#sending?.configure(settings);
    if (server === undefined || settings.paused || this.#sending !== undefined) return;
    this.#sending = await this.#options.openSending(tracking, server, settings);
    this.#sendingTo = target;
  }

  /** Errors: DISK_VANISHED. */
  async #checkDisks({ excludedDiskIds = [] }: AgentConfiguration): Promise<void> {
    const tracked = this.#tracking !== undefined;
    if (await this.#watch.look(excludedDiskIds, tracked)) await this.#closeAll();
  }

  #throwFailure(failure: unknown): void {
    if (failure !== undefined) throw failure;
  }

  async #end(): Promise<void> {
    await this.#closeAll();
    if (this.#ended) return;
    await this.#options.endTracking?.();
    this.#ended = true;
  }

  async #closeAll(): Promise<void> {
    await this.#closeSending();
    const tracking = this.#tracking;
    this.#tracking = undefined;
    await tracking?.close();
  }

  async #closeSending(): Promise<void> {
    const sending = this.#sending;
    this.#sending = undefined;
    this.#sendingTo = undefined;
    if (sending === undefined) return;
    const facts = sending.facts();
    this.#last = { facts, atMs: this.#options.clock.nowMs() };
    this.#countedBefore = addCounted(this.#countedBefore, facts);
    await sending.close();
  }

  #noteProblem(error: unknown): void {
    const problem = error instanceof OperationError ? error : unexpected(error);
    if (this.#problem?.message !== problem.message) {
      this.#options.logger.error('replication-stalled', { error, explanation: describeError(problem) });
    }
    this.#problem = problem;
  }

  #idleFacts(): ReplicationFacts {
    const desired = this.#wanted?.desired;
    if (desired === 'STOP') return idleReplication('STOPPED', this.disks);
    if (desired === 'UNINSTALL') return idleReplication('DISCONNECTED', this.disks);
    const state = desired === 'PAUSE' ? 'PAUSED' : 'INITIATING';
    if (this.#last === undefined) return idleReplication(state, this.disks);
    const { error: _gone, forecast: _passed, impact: _ended, proof: _anew, ...facts } = this.#last.facts;
    const ageMs = this.#options.clock.nowMs() - this.#last.atMs;
    const lagMs = facts.lagMs === null ? null : facts.lagMs + Math.max(0, ageMs);
    return { ...facts, state, lagMs, etaMs: null, connected: false };
  }

  async #pause(durationMs: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.clock.sleep(durationMs, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

type Counted = Pick<ReplicationFacts, 'bytesRead' | 'bytesSent' | 'firstSyncDurationMs'>;

function addCounted(before: Counted, now: Counted): Counted {
  return {
    bytesRead: before.bytesRead + now.bytesRead,
    bytesSent: before.bytesSent + now.bytesSent,
    firstSyncDurationMs: now.firstSyncDurationMs ?? before.firstSyncDurationMs,
  };
}

function isDiskProblem(error: unknown): boolean {
  return error instanceof OperationError && error.code === 'DISK_VANISHED';
}

function unexpected(error: unknown): OperationError {
  return new OperationError('INTERNAL_ERROR', describeError(error), {
    hint: 'see the log of the agent; please report this as a defect',
    cause: error,
  });
}

function describeProblem(problem: OperationError): {
  readonly error: DataReplicationErrorString;
  readonly rawError: string;
} {
  return { error: 'FAILED_TO_START_DATA_TRANSFER', rawError: describeError(problem) };
}
