/**
 * The engine of one server: drives the pure tracker with the kernel's events and our own reads (capture.md).
 *
 *     pump (every 5–50 ms, and in every step of nextCut): drain the trace ▶ tracker.advance(W)
 *     takeBulk: take blocks off the map ▶ read them
 *     nextCut:  read what changed ▶ wait until the watermark passes the reads ▶ choose T ▶ extents as of T
 *
 * E1 the watermark is the barrier's instant less a margin for clock steps between CPUs.
 * E2 on any doubt (C5) `generation` rises, tracking starts anew, and then everything is marked dirty; nothing
 *    awaits in between, so no caller can act on the old state.
 * E3 one takeBulk or nextCut at a time.
 * E4 what a takeBulk or nextCut hands over counts as uncertain until the next call: between leaving the map
 *    and reaching its taker it is nowhere else.
 */
import type { Extent } from '@landfall/block';
import { assert, describeError, mapAtOnce, OperationError } from '@landfall/runtime';
import { forgetFreeSpace } from '../free-space/free-space-search.ts';
import { placesOf, type Uncertainty, unknownBecause } from '../safety/uncertainty.ts';
import type { DiskRange } from '../tracing/trace-source.ts';
import { type BulkRun, placeOfRun } from '../tracker/bulk-run.ts';
import { ChangeTracker } from '../tracker/change-tracker.ts';
import { EngineChunkWatch } from '../tracker/chunk-watch.ts';
import { extentsOf } from '../tracker/cut-planner.ts';
import type { ReadTicket } from '../tracker/read-ticket.ts';
import { BlockContents, isZero, keptContent } from './block-contents.ts';
import type { CapturedDisk, CaptureEngineOptions } from './capture-options.ts';
import type { CaptureStats } from './capture-stats.ts';
import { CutPace } from './cut-pace.ts';
import type { CapturedExtent, ChunkWatch, Cut, EpochSource, ForgetFreeOptions } from './epoch-source.ts';
import { readsAtOnce } from './reads-at-once.ts';
import { WallTime } from './wall-time.ts';

const EPOCH_WINDOW_BYTES_DEFAULT = 32 * 1024 * 1024;
/** E1; kernel-tracing.md, requirement 36. */
const CLOCK_MARGIN_NS = 1_000_000;
const PUMP_INTERVAL_MS = { least: 5, most: 50 };
/** How long nextCut sleeps when it can only wait for writes to end or the watermark to pass. */
const STEP_MS = 2;
/** A request in flight for so long means that its completion was missed. */
const IN_FLIGHT_AGE_NS_MAX = 300e9;
const WHY_UNSETTLED = 'writes begun before tracking may still be in flight';
const RESTART_INTERVAL_NS = 5e9;
/** Writes begun before tracking are given this long: the block layer's own time limit, twice. */
const SETTLE_NS_MAX = 60e9;

export class CaptureEngine implements EpochSource {
  readonly disks: readonly CapturedDisk[];
  readonly #options: CaptureEngineOptions;
  readonly #tracker: ChangeTracker;
  readonly #contents = new BlockContents();
  readonly #wallTime: WallTime;
  readonly #pace: CutPace;
  #generation = 0;
  #state: 'new' | 'running' | 'stopped' = 'new';
  readonly #stopping = new AbortController();
  #pumping: Promise<void> = Promise.resolve();
  #startedNs = 0;
  #drainedThroughNs = -Infinity;
  /** E4. */
  #handedOver: readonly DiskRange[] = [];
  #failure: { readonly error: unknown; readonly sinceNs: number } | undefined;
  #busy = false;
  #whyNoCut: string | undefined = 'no cut was asked for yet';
  #lastDoubt: string | undefined;
  #reads = 0;
  #bytesRead = 0;
  #cuts = 0;
  #lastCutTimeMs: number | undefined;

  constructor(options: CaptureEngineOptions) {
    this.#options = options;
    this.#wallTime = new WallTime(options.clock);
    const { cutIntervalMs: intervalMs = 0, idleCutIntervalMs: idleIntervalMs = 0 } = options;
    this.#pace = new CutPace(options.clock, { intervalMs, idleIntervalMs });
    this.disks = options.disks;
    this.#tracker = new ChangeTracker({
      sizesBytes: options.disks.map(({ sizeBytes }) => sizeBytes),
      windowBytes: options.epochWindowBytes ?? EPOCH_WINDOW_BYTES_DEFAULT,
      joining: options.disks.flatMap(({ isJoining }, index) => (isJoining === true ? index : [])),
    });
  }

  get generation(): number {
    return this.#generation;
  }

  /** Begins to track; nothing is dirty until the caller marks it. Errors: those of the trace source. */
  async start(): Promise<void> {
    assert(this.#state === 'new', 'an engine is started once');
    this.#startTrace();
    this.#state = 'running';
    this.#pumping = this.#pumpUntilStopped();
  }

  /** Ends tracking, removes the kernel's instance, closes the disks. Pending calls reject. */
  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#state = 'stopped';
    this.#stopping.abort(new OperationError('CAPTURE_STOPPED', 'the capture engine was stopped'));
    await this.#pumping;
    this.#options.trace.stop();
    await (this.#options.bulkReader ?? this.#options.reader).close();
  }

  get joiningDisks(): readonly number[] {
    return this.#tracker.joining;
  }

  finishJoining(): void {
    const diskIds = this.joiningDisks.flatMap((index) => this.disks[index]?.diskId ?? []);
    this.#tracker.finishJoining();
    this.#options.onJoined?.(diskIds);
  }

  dirtyBytes(diskIndex: number): number {
    return Math.min(this.#tracker.dirtyBytes(diskIndex), this.disks[diskIndex]?.sizeBytes ?? 0);
  }

  markDirty(diskIndex: number, extent: Extent): void {
    this.#pace.hurry();
    this.#tracker.markDirty(diskIndex, extent.offsetBytes, extent.lengthBytes);
  }

  /** As `markDirty`, but no cut waits for it. */
  markDiscarded(diskIndex: number, extent: Extent): void {
    this.#tracker.markDiscarded(diskIndex, extent.offsetBytes, extent.lengthBytes);
  }

  /**
   * What may differ from the replica besides what the taker holds. Every event committed before this call is
   * in it.
   */
  uncertain(): Uncertainty {
    const calledNs = this.#nowNs();
    this.#pump();
    if (this.#state !== 'running' || this.#failure !== undefined)
      return unknownBecause('changes are not tracked');
    if (this.#drainedThroughNs < calledNs) return unknownBecause('some events are not readable yet');
    return this.#tracker.uncertain(this.#handedOver);
  }

  takeBulk(bytesMax: number): Promise<readonly CapturedExtent[]> {
    return this.#exclusively(async () => {
      this.#pump();
      this.#throwFailure();
      const runs = this.#tracker.takeDirty(bytesMax);
      this.#handedOver = runs.map((run) => this.#placeOf(run));
      try {
        const extents = await this.#readRuns(runs);
        this.#tracker.bulkFinished(this.#nowNs());
        return extents;
      } catch (error) {
        this.#tracker.bulkFinished(this.#nowNs());
        this.#tracker.restoreDirty(runs);
        throw error;
      }
    });
  }

  nextCut(options: { readonly waitMs: number; readonly signal: AbortSignal }): Promise<Cut | undefined> {
    return this.#exclusively(async () => {
      const signal = AbortSignal.any([options.signal, this.#stopping.signal]);
      const deadlineNs = this.#nowNs() + options.waitMs * 1e6;
      await this.#pace.untilDue(options.waitMs, signal);
      this.#handedOver = [];
      for (let round = 0; ; round += 1) {
        signal.throwIfAborted();
        this.#pump();
        this.#throwFailure();
        if (this.#tracker.enterFine() === 'too-much') return this.#noCut('more is dirty than fits one epoch');
        const cut = await this.#step(round, signal);
        if (cut !== undefined) return cut;
        if (this.#nowNs() > deadlineNs) return undefined;
      }
    });
  }

  async forgetFree(options: ForgetFreeOptions): Promise<void> {
    const { freeSpace: source, logger } = this.#options;
    if (source === undefined) return;
    const signal = AbortSignal.any([options.signal, this.#stopping.signal]);
    const [tracker, nowNs] = [this.#tracker, () => this.#nowNs()];
    await forgetFreeSpace({ ...options, signal, source, tracker, logger, engine: this, nowNs });
  }

  watchChunks(): ChunkWatch {
    const { clock, baseNs, reader, bulkReader = reader } = this.#options;
    const parts = { tracker: this.#tracker, reader: bulkReader, clock, baseNs, pump: () => this.#pump() };
    const sizesBytes = this.disks.map(({ sizeBytes }) => sizeBytes);
    return new EngineChunkWatch(parts, sizesBytes);
  }

  stats(): CaptureStats {
    const { events, lost, passthrough, passthroughDisks = [] } = this.#options.trace.counts;
    const { kept, rejected } = this.#tracker.readCounts;
    return {
      ...{ events, lostEvents: lost, lateEvents: this.#tracker.lateCount },
      ...{ passthroughCommands: passthrough, passthroughDisks },
      ...{ reads: this.#reads, bytesRead: this.#bytesRead, versionsKept: kept, versionsRejected: rejected },
      held: this.#tracker.heldCounts(),
      cuts: this.#cuts,
      lastCutTimeMs: this.#lastCutTimeMs,
      watermarkLagMs: Math.max(0, (this.#nowNs() - this.#tracker.reachedNs) / 1e6),
      generation: this.#generation,
      lastDoubt: this.#lastDoubt,
      whyNoCut: this.#whyNoCut,
    };
  }

  // Cuts

  /** One attempt: reads first what has to be read, then chooses. Waits a little when neither is possible. */
  async #step(round: number, signal: AbortSignal): Promise<Cut | undefined> {
    const { clock } = this.#options;
    if (!this.#tracker.isFine || !this.#tracker.isSettled) {
      const waitsForBulk = this.#tracker.isSettled;
      this.#noCut(waitsForBulk ? 'the watermark has not passed the last bulk read' : WHY_UNSETTLED);
      await clock.sleep(STEP_MS, signal);
      return undefined;
    }
    if (round === 0) this.#tracker.admitDiscarded();
    const tickets = this.#tracker.wantedReads();
    if (tickets.length === 0 || round > 0) {
      const cut = this.#chooseCut();
      if (cut !== undefined) return cut;
    }
    if (tickets.length > 0) await this.#readTickets(tickets);
    await clock.sleep(STEP_MS, signal);
    return undefined;
  }

  #chooseCut(): Cut | undefined {
    const timeNs = this.#tracker.cutNs();
    if (timeNs === undefined) return this.#noCut('blocks change faster than they can be read');
    const blocks = this.#tracker.takeCut(timeNs);
    const extents = extentsOf(
      blocks,
      this.disks.map(({ sizeBytes }) => sizeBytes),
    );
    this.#handedOver = placesOf(extents);
    const cutMonotonicNs = this.#options.baseNs + BigInt(timeNs);
    const cutTimeMs = this.#wallTime.at(cutMonotonicNs);
    this.#pace.made(extents.length === 0);
    this.#cuts += 1;
    this.#lastCutTimeMs = cutTimeMs;
    this.#whyNoCut = undefined;
    return { cutMonotonicNs, cutTimeMs, extents };
  }

  #noCut(why: string): undefined {
    this.#whyNoCut = why;
    return undefined;
  }

  async #readTickets(tickets: readonly ReadTicket[]): Promise<void> {
    const { reader } = this.#options;
    await mapAtOnce(tickets, readsAtOnce(tickets.length, reader.readsInFlightMax), async (ticket) => {
      if (ticket.dead) return;
      this.#tracker.readStarted(ticket, this.#nowNs());
      try {
        await reader.read(ticket, (bytes) => {
          this.#tracker.readFinished(ticket, this.#nowNs(), this.#contents.keep(bytes));
          this.#countRead(bytes.length);
        });
      } catch (error) {
        this.#tracker.readFailed(ticket);
        throw error;
      }
    });
  }

  // Bulk

  async #readRuns(runs: readonly BulkRun[]): Promise<readonly CapturedExtent[]> {
    const { bulkReader: reader = this.#options.reader } = this.#options;
    return await mapAtOnce(runs, reader.readsInFlightMax, (run) => {
      const place = this.#placeOf(run);
      return reader.read(place, (bytes, keep) => {
        this.#countRead(bytes.length);
        return isZero(bytes) ? place : { ...place, ...keptContent(bytes, keep) };
      });
    });
  }

  #placeOf(run: BulkRun): DiskRange {
    return placeOfRun(run, this.disks[run.diskIndex]?.sizeBytes ?? 0);
  }

  #countRead(lengthBytes: number): void {
    this.#reads += 1;
    this.#bytesRead += lengthBytes;
  }

  // Tracking

  async #pumpUntilStopped(): Promise<void> {
    let intervalMs = PUMP_INTERVAL_MS.least;
    while (this.#state === 'running') {
      const before = this.#options.trace.counts.events;
      this.#pump();
      const idle = this.#options.trace.counts.events === before;
      intervalMs = idle ? Math.min(PUMP_INTERVAL_MS.most, intervalMs * 2) : PUMP_INTERVAL_MS.least;
      await this.#sleepOrStop(intervalMs);
    }
  }

  async #sleepOrStop(durationMs: number): Promise<void> {
    try {
      await this.#options.clock.sleep(durationMs, this.#stopping.signal);
    } catch (error) {
      if (!this.#stopping.signal.aborted) throw error;
    }
  }

  /** Never throws: what goes wrong is a doubt, or a failure that the next takeBulk or nextCut reports. */
  #pump(): void {
    if (this.#state !== 'running') return;
    if (this.#failure !== undefined) {
      this.#retryAfterFailure();
      return;
    }
    try {
      const doubt = this.#drain();
      if (doubt !== undefined) this.#startAnew(doubt);
    } catch (error) {
      this.#startAnew(describeError(error));
    }
  }

  #drain(): string | undefined {
    const tracker = this.#tracker;
    const drained = this.#options.trace.drain((disk, sector, count) => tracker.ownsRead(disk, sector, count));
    if (drained.doubt !== undefined) return drained.doubt;
    if (drained.events.length > 0) this.#pace.hurry();
    tracker.add(drained.events);
    for (const sighting of drained.idle) tracker.seenIdle(sighting);
    if (!tracker.isSettled && this.#nowNs() - this.#startedNs > SETTLE_NS_MAX) tracker.settle(this.#nowNs());
    if (drained.completeThroughNs === undefined) return undefined;
    this.#drainedThroughNs = drained.completeThroughNs;
    tracker.advance(drained.completeThroughNs - CLOCK_MARGIN_NS);
    const oldestNs = tracker.oldestInFlightNs;
    const stuck = oldestNs !== undefined && tracker.reachedNs - oldestNs > IN_FLIGHT_AGE_NS_MAX;
    return stuck ? 'a write never completed in the trace' : undefined;
  }

  /** E2. */
  #startAnew(reason: string): void {
    this.#generation += 1;
    this.#lastDoubt = reason;
    this.#options.logger.warn('capture-lost-sight', { reason, generation: this.#generation });
    try {
      this.#options.trace.stop();
      this.#startTrace();
      this.#failure = undefined;
    } catch (error) {
      this.#failure = { error, sinceNs: this.#nowNs() };
      this.#options.logger.error('capture-cannot-track', { error });
    }
    this.#tracker.reset();
    this.#tracker.forbidCutsThrough(this.#nowNs());
    this.#options.onDoubt?.(reason);
  }

  #startTrace(): void {
    this.#options.trace.start();
    this.#startedNs = this.#nowNs();
    this.#tracker.forbidCutsThrough(this.#startedNs);
  }

  #retryAfterFailure(): void {
    if (this.#failure === undefined || this.#nowNs() - this.#failure.sinceNs < RESTART_INTERVAL_NS) return;
    this.#startAnew(`tracking could not start: ${describeError(this.#failure.error)}`);
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  // Small things

  #nowNs(): number {
    return Number(this.#options.clock.monotonicNs() - this.#options.baseNs);
  }

  async #exclusively<Result>(operation: () => Promise<Result>): Promise<Result> {
    this.#stopping.signal.throwIfAborted();
    assert(this.#state === 'running', 'the engine was started');
    assert(!this.#busy, 'E3: one takeBulk or nextCut at a time');
    this.#busy = true;
    try {
      return await operation();
    } finally {
      this.#busy = false;
    }
  }
}
