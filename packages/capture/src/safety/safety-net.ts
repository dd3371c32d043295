/**
 * So that a crash, a restart or an upgrade of the agent needs no comparison. Beside the live trace, which the
 * engine drains, two traces A and B record the same changes and are drained by nobody; they go on when the
 * process ends. A checkpoint says which blocks may differ from the replica at an instant, and which of the
 * two traces holds everything since.
 *
 *     checkpoint                                  recovery (the new live trace records already)
 *     N1 the other trace is emptied and records   R1 checkpoint and trace are as they were left
 *     N2 what was committed reaches the tracker   R2 the other trace is emptied and records
 *     N3 maps, what was taken, its epoch: copied  R3 the checkpoint's trace is read to its end
 *     N4 written over the checkpoint before       R4 both together are dirty; a checkpoint of that
 *     N5 the trace before stops                   R5 the trace that was read stops
 *
 * S1 From N4 on, and until the next N4, the trace a checkpoint names has recorded without a gap since
 *    before its copy was made. So at every instant copy ∪ trace covers all that differs from the replica,
 *    at the checkpoint's epoch and at every later one: an epoch sent since carries only blocks that were in
 *    the copy or changed afterwards.
 * S2 A write is seen at one end at least. Each trace records an event at an instant of its own, so an issue
 *    may be too early for the trace begun in N1 and too late, in the live one, for the copy of N3. Its
 *    completion then follows the copy and is in the trace begun; and one whose completion was missed like
 *    that was in flight at N3. At a recovery R2 comes between the start of the live trace and R3, and waits
 *    for events under way: what the live trace was too late for is in the trace R3 reads.
 * S3 A trace can be used once: reading consumes. A recovery that dies between R3 and R4 leaves one whose
 *    counters do not match.
 * S4 Any doubt (another boot, another disk, an altered or cleared or overrun or read trace, a damaged
 *    checkpoint, another agent) is a comparison, with its reason. Nothing is guessed.
 * S5 Checkpoints are made only of a replica known to be equal but for what is known: not in a first copy, a
 *    comparison or a doubt.
 */
import {
  assert,
  type Clock,
  describeError,
  type Logger,
  OperationError,
  type Random,
} from '@landfall/runtime';
import type { CaptureEngine } from '../engine/capture-engine.ts';
import type { DiskRange } from '../tracing/trace-source.ts';
import type { CheckpointHeader, SafetyOwner, SafetyPosition, SafetyWorld } from './checkpoint.ts';
import type { CheckpointStore } from './file-checkpoint.ts';
import type { SafetyTrace, SafetyTraceName } from './safety-trace.ts';
import { type DiskUncertainty, restoreUncertainty, withExtents } from './uncertainty.ts';
import { whyOtherWorld } from './world-difference.ts';

export type SafetySource = Pick<
  CaptureEngine,
  'disks' | 'generation' | 'dirtyBytes' | 'markDirty' | 'markDiscarded' | 'uncertain' | 'stats'
>;

/** Of the same moment: what the replica has, and what was taken for it and may not be there. */
export interface ReplicaDebt extends SafetyPosition {
  readonly taken: Iterable<DiskRange>;
}

export interface SafetyNetOptions {
  readonly source: SafetySource;
  readonly traces: Readonly<Record<SafetyTraceName, SafetyTrace>>;
  readonly store: CheckpointStore;
  /** As it is now. */
  readonly readWorld: () => Promise<SafetyWorld>;
  readonly owner: SafetyOwner;
  /** Whether that process, another than ours, still runs. */
  readonly isAlive: (owner: SafetyOwner) => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The least time between two checkpoints, unless the buffer fills. Default 5000. */
  readonly intervalMs?: number;
}

export type SafetyRecovery =
  | { readonly kind: 'RESUME'; readonly position: SafetyPosition; readonly changedBytes: number }
  | { readonly kind: 'COMPARE'; readonly reason: string };

export interface CheckpointStats {
  readonly checkpoints: number;
  /** Of the last one. The copy is the part during which the process does nothing else. */
  readonly copyMs: number;
  readonly durationMs: number;
  readonly bytes: number;
}

const INTERVAL_MS_DEFAULT = 5000;
const TICK_MS = 500;
/** A fuller buffer is emptied by a checkpoint at once. */
const SHARE_MAX = 0.5;
const COPY_ATTEMPTS_MAX = 100;
const COPY_PAUSE_MS = 5;

interface ActiveTrace {
  readonly trace: SafetyTrace;
  readonly eventsBefore: number;
  overrun: boolean;
}

export class SafetyNet {
  readonly #options: SafetyNetOptions;
  readonly #stop = new AbortController();
  #active: ActiveTrace | undefined;
  #whyNone = 'no checkpoint was made yet';
  #disabled = false;
  #world: SafetyWorld | undefined;
  #debt: () => ReplicaDebt | undefined = () => undefined;
  #running: Promise<void> | undefined;
  #dueMs = -Infinity;
  #complaint: string | undefined;
  #stats: CheckpointStats = { checkpoints: 0, copyMs: 0, durationMs: 0, bytes: 0 };

  constructor(options: SafetyNetOptions) {
    this.#options = options;
  }

  get stats(): CheckpointStats {
    return this.#stats;
  }

  /** Why a restart at this moment would need a comparison; `undefined` when it would need none. */
  get whyUnsafe(): string | undefined {
    if (this.#active === undefined) return this.#whyNone;
    return this.#active.overrun ? 'more changed than its buffer holds, until the next checkpoint' : undefined;
  }

  /** Once, when the live trace records and nothing was taken from the source yet. Never throws. */
  async recover(): Promise<SafetyRecovery> {
    const { logger, source } = this.#options;
    const recovery = await this.#recoverOrWhy();
    if (recovery.kind === 'RESUME') {
      logger.info('resumed-without-comparison', {
        ...recovery.position,
        changedBytes: recovery.changedBytes,
      });
      return recovery;
    }
    logger.info('comparison-needed', { reason: recovery.reason, generation: source.generation });
    if (!this.#disabled) await this.#attempt('old-checkpoint-not-removed', () => this.#clearAway());
    return recovery;
  }

  /** From now on checkpoints are made; `debt` is undefined while S5 forbids them. */
  attach(debt: () => ReplicaDebt | undefined): void {
    this.#debt = debt;
    this.#running ??= this.#run();
  }

  /**
   * A last checkpoint, if one is wanted; its trace records on. The sender has ended, the source has not.
   * Without it the one before stands.
   */
  async close({ checkpoint } = { checkpoint: true }): Promise<void> {
    this.#stop.abort();
    await this.#running;
    if (this.#disabled) return;
    this.#dueMs = -Infinity;
    if (checkpoint) await this.#attempt('last-checkpoint-not-made', () => this.#tick());
    for (const trace of Object.values(this.#options.traces)) trace.release();
  }

  // Recovery

  async #recoverOrWhy(): Promise<SafetyRecovery> {
    try {
      this.#world = await this.#options.readWorld();
      return await this.#recover(this.#world);
    } catch (error) {
      return compare(describeError(error));
    }
  }

  async #recover(world: SafetyWorld): Promise<SafetyRecovery> {
    const { store, isAlive, source, traces } = this.#options;
    const generation = source.generation;
    const checkpoint = await store.read();
    if (checkpoint === undefined) return compare('no checkpoint was left by an earlier run since the boot');
    if (isAlive(checkpoint.owner)) {
      this.#disabled = true;
      this.#whyNone = `another agent, process ${checkpoint.owner.pid}, keeps the checkpoints of this server`;
      return compare(this.#whyNone);
    }
    const difference = whyOtherWorld(checkpoint.world, world);
    if (difference !== undefined) return compare(difference);
    const active = traces[checkpoint.trace.name];
    const next = this.#otherThan(active);
    await next.begin(this.#newMark());
    const drained = await active.drain(checkpoint.trace);
    if (drained.kind === 'DOUBT') return compare(drained.reason);
    restoreUncertainty([checkpoint.disks, drained.disks], source);
    if (source.generation !== generation) return compare('sight of the disks was lost meanwhile');
    const { position } = checkpoint;
    const changedBytes = source.disks.reduce((sum, _disk, index) => sum + source.dirtyBytes(index), 0);
    await this.#attempt('checkpoint-not-made', async () => {
      const copied = await this.#copy(() => ({ ...position, taken: [] }), { unsettled: true });
      await this.#publish(next, { position, disks: copied.disks, eventsBefore: copied.events });
      await active.stop();
    });
    assert(source.generation === generation, 'C5: nothing that was restored was forgotten');
    return { kind: 'RESUME', position, changedBytes };
  }

  async #clearAway(): Promise<void> {
    const { store, traces } = this.#options;
    this.#active = undefined;
    await store.remove();
    for (const trace of Object.values(traces)) await trace.stop();
  }

  // Checkpoints

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted && !this.#disabled) {
      await this.#attempt('checkpoint-not-made', () => this.#tick());
      await this.#pause(TICK_MS);
    }
  }

  async #tick(): Promise<void> {
    if (this.#debt() === undefined) return this.#withdraw('the replica is being made equal');
    const { clock, intervalMs = INTERVAL_MS_DEFAULT } = this.#options;
    const nowMs = monotonicMs(clock);
    if (!this.#isPressing() && (nowMs < this.#dueMs || !(await this.#isWanted()))) return;
    this.#dueMs = nowMs + intervalMs;
    await this.#checkpoint();
  }

  /** The buffer fills, or has overflowed: the next checkpoint makes it good. */
  #isPressing(): boolean {
    if (this.#active === undefined) return false;
    const { share, lostEvents } = this.#active.trace.usage();
    if (lostEvents > 0 && !this.#active.overrun) {
      this.#active.overrun = true;
      this.#options.logger.warn('safety-trace-overrun', { lostEvents });
    }
    return share > SHARE_MAX || lostEvents > 0;
  }

  async #isWanted(): Promise<boolean> {
    if (this.#active === undefined) return true;
    const { trace, eventsBefore } = this.#active;
    return this.#options.source.stats().events !== eventsBefore || (await trace.alteration()) !== undefined;
  }

  async #checkpoint(): Promise<void> {
    const beganMs = monotonicMs(this.#options.clock);
    const before = this.#active?.trace;
    const next = this.#otherThan(before);
    let published = false;
    try {
      const world = await this.#sameWorld();
      await next.begin(this.#newMark());
      const copied = await this.#copy(this.#debt, { unsettled: false });
      const { debt, disks, events: eventsBefore } = copied;
      const { journalId, lastEpoch } = debt;
      this.#world = world;
      const bytes = await this.#publish(next, { position: { journalId, lastEpoch }, disks, eventsBefore });
      published = true;
      const durationMs = monotonicMs(this.#options.clock) - beganMs;
      const checkpoints = this.#stats.checkpoints + 1;
      this.#stats = { checkpoints, copyMs: copied.copyMs, durationMs, bytes };
    } finally {
      await (published ? before : next)?.stop();
    }
  }

  /** N2 and N3, in one go: no other code runs between what the source says and what the sender says. */
  async #copy(askDebt: () => ReplicaDebt | undefined, { unsettled }: { readonly unsettled: boolean }) {
    const { source, clock } = this.#options;
    let why = '';
    for (let attempt = 0; attempt < COPY_ATTEMPTS_MAX; attempt += 1) {
      const beganMs = monotonicMs(clock);
      const uncertain = source.uncertain();
      const debt = askDebt();
      if (debt === undefined) throw notNow('the replica is being made equal');
      if (uncertain.kind === 'KNOWN' && (uncertain.isSettled || unsettled)) {
        const disks = withExtents(uncertain.disks, [...uncertain.handedOver, ...debt.taken]);
        const copyMs = monotonicMs(clock) - beganMs;
        return { disks, debt, copyMs, events: source.stats().events };
      }
      why = uncertain.kind === 'UNKNOWN' ? uncertain.why : 'writes begun before tracking may be in flight';
      await clock.sleep(COPY_PAUSE_MS);
    }
    throw notNow(why);
  }

  /** N4. */
  async #publish(
    trace: SafetyTrace,
    made: {
      readonly position: SafetyPosition;
      readonly disks: readonly DiskUncertainty[];
      readonly eventsBefore: number;
    },
  ): Promise<number> {
    const { store, owner } = this.#options;
    const { position, disks, eventsBefore } = made;
    assert(this.#world !== undefined, 'the world was looked at first');
    const header: CheckpointHeader = { world: this.#world, owner, position, trace: trace.identity() };
    const bytes = await store.write({ ...header, disks });
    this.#active = { trace, eventsBefore, overrun: false };
    this.#complaint = undefined;
    return bytes;
  }

  /** The disks are those tracking began with: what was copied is about them. */
  async #sameWorld(): Promise<SafetyWorld> {
    const now = await this.#options.readWorld();
    const before = this.#world ?? now;
    const difference = whyOtherWorld({ ...before, clockOffsetMs: now.clockOffsetMs }, now);
    if (difference === undefined) return now;
    await this.#withdraw(difference);
    throw notNow(difference);
  }

  /** S5. The trace is judged by itself at a recovery, so dying in between does no harm. */
  async #withdraw(reason: string): Promise<void> {
    this.#whyNone = reason;
    if (this.#active === undefined) return;
    this.#options.logger.info('checkpoint-withdrawn', { reason });
    await this.#clearAway();
  }

  // Small things

  #otherThan(trace: SafetyTrace | undefined): SafetyTrace {
    const { a, b } = this.#options.traces;
    return trace === a ? b : a;
  }

  #newMark(): string {
    return `landfall-safety-${this.#options.random.uuid()}`;
  }

  /** Without checkpoints replication goes on; a reason that repeats is told once. */
  async #attempt(event: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      const why = describeError(error);
      if (this.#active === undefined) this.#whyNone = why;
      if (this.#complaint !== why) this.#options.logger.warn(event, { why });
      this.#complaint = why;
    }
  }

  async #pause(durationMs: number): Promise<void> {
    try {
      await this.#options.clock.sleep(durationMs, this.#stop.signal);
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
  }
}

function compare(reason: string): SafetyRecovery {
  return { kind: 'COMPARE', reason };
}

function notNow(why: string): OperationError {
  return new OperationError('CHECKPOINT_IMPOSSIBLE', `no checkpoint can be made now: ${why}`, {
    hint: 'it is tried again by itself; a restart of the agent before that compares the disks',
    retryable: true,
  });
}

function monotonicMs(clock: Clock): number {
  return Number(clock.monotonicNs()) / 1e6;
}
