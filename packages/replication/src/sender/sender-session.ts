/**
 * One session of a sender, from WELCOME to its loss. Four things run side by side: reading what the server
 * says (DURABLE, HASHES, REFUSE), replicating, working on a proof of equality when one is wanted, and looking
 * after the lanes. The first to fail ends them all; then everything the source is still about to hand over
 * is waited for and held in the ledger, so that the next session knows of it (C6).
 */
import type { CapturedExtent, Cut } from '@landfall/capture';
import { type Backoff, type Clock, type Logger, type Random, unreachable } from '@landfall/runtime';
import type { HashesRequest, Link, Message, Resend, Welcome } from '@landfall/wire';
import { HashReader } from '../comparison/hash-reader.ts';
import { ExtentStream } from '../extents/extent-stream.ts';
import type { StagingFacts } from '../forecast/stage-meter.ts';
import { keepLanes } from '../lanes/lane-opening.ts';
import { LanedLink, type LanePick } from '../lanes/laned-link.ts';
import { followSignal } from '../link/follow-signal.ts';
import { endedByServer, greet, joined, refusalError, violation } from '../link/hello.ts';
import { withKeepAlive } from '../link/keep-alive.ts';
import { Prover } from '../proof/prover.ts';
import type { SenderLimits } from './sender-options.ts';
import type { SenderState } from './sender-state.ts';
import { SOURCE_BACKOFF, StallingSource } from './stalling-source.ts';
import type { TokenBucket } from './token-bucket.ts';

/** How long the source may look for a cut before bulk is taken instead. */
export const CUT_WAIT_MS = 1000;

export interface SenderSessionOptions {
  readonly state: SenderState;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly bucket: TokenBucket;
  readonly limits: SenderLimits;
  readonly sourceServerId: string;
  readonly agentVersion: string;
  /** Dials one connection more. */
  readonly connect: (signal: AbortSignal, lane: number) => Promise<Link>;
  readonly streams?: number;
  readonly pickLane?: LanePick;
  readonly sourceBackoff?: Backoff;
  readonly random?: Random;
  /** Called when the server has acknowledged an epoch: the connection is a good one. */
  readonly onProgress: () => void;
}

/** Runs until the link is lost or the signal aborted; always rejects, with the reason. */
export async function runSenderSession(
  options: SenderSessionOptions,
  dialled: Link,
  signal: AbortSignal,
): Promise<never> {
  const onStaging = (facts: StagingFacts) => options.state.stages.onStaging(facts);
  const link = new LanedLink(withKeepAlive(dialled, options.clock, { onStaging }), options.pickLane);
  const followed = followSignal(signal);
  followed.signal.addEventListener('abort', () => link.destroy(), { once: true });
  const session = new SenderSession(options, link, followed.signal);
  try {
    signal.throwIfAborted(); // While it was dialled: then nobody hears of the abort any more.
    return await session.run((reason) => followed.end(reason));
  } finally {
    followed.end();
    link.destroy();
    await session.settle();
  }
}

class SenderSession {
  readonly #options: SenderSessionOptions;
  readonly #state: SenderState;
  readonly #link: LanedLink;
  readonly #signal: AbortSignal;
  readonly #hashes: HashReader;
  readonly #stream: ExtentStream;
  readonly #source: StallingSource;
  readonly #prover: Prover;
  /** What the source was asked for and has not answered. */
  readonly #asked = new Set<Promise<unknown>>();
  #lastCutMs = Number.NEGATIVE_INFINITY;

  constructor(options: SenderSessionOptions, link: LanedLink, signal: AbortSignal) {
    const { state, clock } = options;
    this.#options = options;
    this.#state = state;
    this.#link = link;
    this.#signal = signal;
    const sizesBytes = state.source.disks.map(({ sizeBytes }) => sizeBytes);
    this.#hashes = new HashReader(sizesBytes, (request) => this.#request(request));
    const { bucket, random, logger } = options;
    const send = (request: HashesRequest) => this.#request(request);
    this.#prover = new Prover({ state, clock, logger, signal, send });
    this.#stream = new ExtentStream({ state, bucket, link, signal, hashes: this.#hashes });
    const onFailure = (error: unknown) => this.#onSourceFailure(error);
    const onAnswer = () => this.#onSourceAnswer();
    const backoff = options.sourceBackoff ?? SOURCE_BACKOFF;
    this.#source = new StallingSource({ source: state.source, clock, backoff, random, onFailure, onAnswer });
  }

  async run(end: (reason: unknown) => void): Promise<never> {
    const incoming = this.#link.messages()[Symbol.asyncIterator]();
    const { sourceServerId, agentVersion, clock, streams = 1 } = this.#options;
    const { source } = this.#state;
    const welcome = await greet({
      ...{ link: this.#link, incoming, source, sourceServerId, agentVersion, clock, lanes: streams - 1 },
      signal: this.#signal,
    });
    this.#adopt(welcome);
    const all = [this.#listen(incoming), this.#replicate(), this.#prover.run(), this.#keepLanes(welcome)];
    const failures: unknown[] = [];
    const failed = (error: unknown) => {
      failures.push(error);
      this.#hashes.fail(error);
      this.#prover.fail(error);
      end(error);
    };
    await Promise.all(all.map((running) => running.catch(failed)));
    throw failures[0];
  }

  /** What was asked of the source before the end has been answered, and is held. */
  async settle(): Promise<void> {
    await Promise.allSettled([...this.#asked]);
  }

  async #keepLanes({ lanes = 0, laneToken: token = '' }: Welcome): Promise<void> {
    const { connect, clock, logger, random, streams = 1 } = this.#options;
    const opening = { link: this.#link, token, connect, signal: this.#signal, clock, logger, random };
    await keepLanes({ ...opening, lanes: Math.min(lanes, streams - 1) });
  }

  #adopt(welcome: Welcome): void {
    const state = this.#state;
    this.#joinAtOnce(welcome);
    const replica = { journalId: welcome.journalId, lastEpoch: welcome.lastEpoch };
    const resumption = state.ledger.resume(replica);
    state.replicaEmpty = welcome.disks.map(({ empty }) => empty);
    state.onConnected(this.#link);
    const trusted = state.source.generation === state.generation;
    this.#options.logger.info('replication-connected', { ...replica, resumption: resumption.kind, trusted });
    if (resumption.kind === 'RESUME') {
      state.onDurable(resumption.durable);
      for (const { diskIndex, ...extent } of resumption.redo) state.source.markDirty(diskIndex, extent);
      state.onResumed(welcome.lastEpoch);
    } else state.caughtUpUntilNs = undefined;
    if (resumption.kind === 'COMPARE' || !trusted) state.beginComparison(this.#options.logger);
  }

  /** Before the first recovery point there is nothing that the copy of one disk could keep waiting. */
  #joinAtOnce({ lastEpoch }: Welcome): void {
    const { source, joiningDirtyBytes } = this.#state;
    if (lastEpoch > 0 || joiningDirtyBytes === undefined) return;
    source.finishJoining?.();
    throw joined();
  }

  async #listen(incoming: AsyncIterator<Message>): Promise<never> {
    for (;;) {
      const next = await incoming.next();
      if (next.done === true) throw endedByServer();
      this.#onMessage(next.value);
    }
  }

  #onMessage(message: Message): void {
    switch (message.type) {
      case 'DURABLE':
        this.#state.onDurable(this.#state.ledger.durable(message.epoch));
        this.#options.onProgress();
        return;
      case 'HASHES':
        if (!this.#prover.onHashes(message)) this.#hashes.onHashes(message);
        return;
      case 'RESEND':
        this.#resend(message);
        return;
      case 'REFUSE':
        throw refusalError(message);
      case 'HELLO':
      case 'WELCOME':
      case 'EXTENT':
      case 'ZEROES':
      case 'COMMIT':
      case 'ABANDON':
      case 'HASHES_REQUEST':
      case 'PING':
      case 'PONG':
      case 'PROBE':
      case 'PROBED':
      case 'LANE':
      case 'LANE_OPEN':
      case 'SECTION':
        throw violation(`it sent ${message.type}`);
      default:
        unreachable(message);
    }
  }

  /** What the server has of it is damaged: as if it had been written (J6). */
  #resend({ extents }: Resend): void {
    const { source, changed } = this.#state;
    for (const { diskIndex, offsetBytes, lengthBytes } of extents) {
      const end = offsetBytes + lengthBytes;
      if (end > (source.disks[diskIndex]?.sizeBytes ?? 0)) throw violation('it asked for what is on no disk');
      source.markDirty(diskIndex, { offsetBytes, lengthBytes });
    }
    this.#options.logger.warn('replica-damaged', { extents });
    changed.notify();
  }

  async #replicate(): Promise<never> {
    for (;;) {
      await this.#untilAllowed();
      if (this.#doubted()) await this.#restart();
      else if (this.#isBehind() && (await this.#drain())) continue;
      else {
        await this.#takeCut();
        await this.#copyJoining();
      }
    }
  }

  /** Not paused, the next epoch is due or wanted, and not too many are unacknowledged. */
  async #untilAllowed(): Promise<void> {
    const { state, limits } = { state: this.#state, limits: this.#options.limits };
    for (;;) {
      this.#signal.throwIfAborted();
      const dueInMs = this.#lastCutMs + state.epochIntervalMs - state.nowMs;
      if (state.paused || state.ledger.inFlightCount >= limits.epochsInFlightMax) {
        state.rate.rest();
        await state.changed.wait(this.#signal);
      } else if (dueInMs > 0 && !this.#isBehind() && !this.#isWanted()) {
        await state.changed.waitFor(dueInMs, this.#options.clock, this.#signal);
      } else return;
    }
  }

  #doubted(): boolean {
    return this.#state.source.generation !== this.#state.generation;
  }

  /** C5: the open epoch is worth nothing; every disk is compared again. Older recovery points stay. */
  async #restart(): Promise<void> {
    this.#options.logger.warn('replication-restarted', { generation: this.#state.source.generation });
    this.#hashes.reset();
    this.#stream.reset();
    this.#state.beginComparison(this.#options.logger);
    await this.#link.send({ type: 'ABANDON' });
  }

  #isBehind(): boolean {
    return this.#state.dirtyBytes > this.#options.limits.cutDirtyBytesMax;
  }

  #isWanted(): boolean {
    return this.#state.waiters.needCutAfter(this.#state.ledger.newestSent?.cutMonotonicNs);
  }

  /**
   * Sends bulk, reading one batch ahead, until a cut is within reach. False when there was nothing to take.
   */
  async #drain(): Promise<boolean> {
    const { stages } = this.#state;
    let ahead: Promise<readonly CapturedExtent[]> | undefined = this.#takeBulk();
    let total = 0;
    stages.begin();
    while (ahead !== undefined) {
      const batch: readonly CapturedExtent[] = await stages.time('SOURCE_READ', ahead);
      total += batch.length;
      const goOn = batch.length > 0 && this.#isBehind() && !this.#doubted() && !this.#state.paused;
      ahead = goOn ? this.#takeBulk() : undefined;
      await this.#stream.send(batch, { isLast: false });
      stages.passed(batch.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0));
    }
    return total > 0;
  }

  async #takeCut(): Promise<void> {
    const state = this.#state;
    const cut = await this.#ask(
      this.#source.nextCut(CUT_WAIT_MS, this.#signal),
      (taken) => taken?.extents ?? [],
    );
    this.#lastCutMs = state.nowMs;
    if (cut === undefined) return this.#takeOneBulk();
    const caught = this.#prover.catchAtCut(cut);
    await this.#stream.send(cut.extents, { isLast: true });
    if (this.#doubted()) {
      this.#prover.afterCut(undefined, undefined);
      return;
    }
    if (state.ledger.openCount > 0 || this.#mustCommitEmpty(cut)) await this.#commit(cut);
    else state.onNothingToSend(cut.cutMonotonicNs);
    this.#prover.afterCut(caught, state.newestSentEpoch);
  }

  /**
   * The first recovery point exists even of a disk of zeroes; a cut with nothing new after a scan that was
   * none says that there is one now; and somebody may be waiting.
   */
  #mustCommitEmpty({ consistency = 'CRASH_CONSISTENT' }: Cut): boolean {
    const { ledger } = this.#state;
    const isFirst = ledger.position?.lastEpoch === 0 && ledger.inFlightCount === 0;
    const isBetter = consistency === 'CRASH_CONSISTENT' && ledger.lastConsistency === 'SCANNED';
    return isFirst || isBetter || this.#isWanted();
  }

  /** No await between the check of the generation and the sending (C5). */
  async #commit(cut: Cut): Promise<void> {
    const { epoch, cutTimeMs, cutMonotonicNs, consistency, extentCount } = this.#state.commit(cut);
    await this.#link.send({ type: 'COMMIT', epoch, cutTimeMs, cutMonotonicNs, consistency, extentCount });
  }

  /**
   * Until the next cut is due. When little is left the disk joins, with a new greeting: it is cut with the
   * rest.
   */
  async #copyJoining(): Promise<void> {
    const state = this.#state;
    for (;;) {
      const dirtyBytes = state.joiningDirtyBytes;
      if (dirtyBytes === undefined || this.#doubted() || state.paused) return;
      if (dirtyBytes <= this.#options.limits.cutDirtyBytesMax / 2) {
        state.source.finishJoining?.();
        throw joined();
      }
      await this.#takeOneBulk();
      if (this.#isBehind() || state.nowMs - this.#lastCutMs >= state.epochIntervalMs) return;
    }
  }

  async #takeOneBulk(): Promise<void> {
    await this.#stream.send(await this.#takeBulk(), { isLast: false });
  }

  #takeBulk(): Promise<readonly CapturedExtent[]> {
    const { bulkBytes } = this.#options.limits;
    return this.#ask(this.#source.takeBulk(bulkBytes, this.#signal), (taken) => taken);
  }

  /** Holds what is answered in the ledger, even if nobody is left to send it. */
  #ask<Answer>(
    answer: Promise<Answer>,
    extentsOf: (answer: Answer) => readonly CapturedExtent[],
  ): Promise<Answer> {
    const held = answer.then((taken) => {
      const extents = extentsOf(taken);
      this.#state.ledger.hold(extents);
      const bytes = extents.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
      this.#state.bytesRead += bytes;
      this.#state.rate.add(bytes, this.#state.nowMs);
      return taken;
    });
    this.#asked.add(held);
    const forget = () => this.#asked.delete(held);
    held.then(forget, forget);
    return held;
  }

  #request(request: HashesRequest): void {
    this.#link.send(request).catch((error: unknown) => {
      this.#hashes.fail(error);
      this.#prover.fail(error);
    });
  }

  #onSourceFailure(error: unknown): void {
    if (this.#state.sourceError === undefined) this.#options.logger.warn('source-unreadable', { error });
    this.#state.sourceError = error;
    this.#state.rate.rest();
  }

  #onSourceAnswer(): void {
    if (this.#state.sourceError !== undefined) this.#options.logger.info('source-readable-again');
    this.#state.sourceError = undefined;
  }
}
