/**
 * One welcomed connection and its store. Messages are taken one by one, in order; a commit is called in
 * order but not waited for, so that the next epoch arrives while the last becomes durable, at most
 * COMMITS_IN_FLIGHT_MAX of them. DURABLE is sent only when `commit` has resolved, and for every epoch
 * before it first (J2).
 */
import type { EpochCommit } from '@landfall/model';
import { type Clock, OperationError, unreachable } from '@landfall/runtime';
import {
  FEATURE_RESEND,
  type HashesRequest,
  type Hello,
  type Link,
  type Message,
  PROTOCOL_VERSION,
  type ResendExtent,
} from '@landfall/wire';
import type { EpochStore } from '../epoch-store.ts';
import type { StagingFacts } from '../forecast/stage-meter.ts';
import type { LanedSession } from '../lanes/lane-desk.ts';
import { IncomingEpoch } from './incoming-epoch.ts';
import { StagingMeter } from './staging-meter.ts';

export const COMMITS_IN_FLIGHT_MAX = 8;
export const PROGRESS_BYTES = 16 * 1024 * 1024;

export interface ReceiverSessionOptions {
  readonly link: Link;
  readonly store: EpochStore;
  readonly hello: Hello;
  readonly clock: Clock;
  /** The agent may open some. */
  readonly lanes?: LanedSession | undefined;
  readonly onProgress: (lastEpoch: number, lastCutTimeMs: number | null) => void;
}

export class ReceiverSession {
  readonly #options: ReceiverSessionOptions;
  readonly #incoming: IncomingEpoch;
  readonly #staging: StagingMeter;
  #commitsInFlight = 0;
  #wakeCommitter: (() => void) | undefined;
  #interruptWait: ((error: unknown) => void) | undefined;
  #acknowledging: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  #lastCutTimeMs: number | null = null;
  #progressAtBytes = PROGRESS_BYTES;

  constructor(options: ReceiverSessionOptions) {
    this.#options = options;
    this.#staging = new StagingMeter(options.clock);
    const sizesBytes = options.hello.disks.map(({ sizeBytes }) => sizeBytes);
    this.#incoming = new IncomingEpoch(sizesBytes, options.store.lastEpoch);
  }

  /**
   * Welcomes the agent, then serves it until it ends the connection. Errors: whatever the agent, the link
   * or the store did wrong.
   */
  async serve(messages: AsyncIterator<Message>): Promise<void> {
    await this.#welcome();
    for (;;) {
      const next = await this.#next(messages);
      if (next.done === true) return;
      await this.#onMessage(next.value);
      this.#throwFailure();
      this.#tellProgress();
    }
  }

  get stagingFacts(): StagingFacts {
    return this.#staging.facts;
  }

  /** Ends `serve` with this error, at the latest after the store call that is under way. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#interruptWait?.(error);
    this.#wakeCommitter?.();
  }

  /** False: the agent does not understand it. A failed connection is found out elsewhere. */
  resend(extents: readonly ResendExtent[]): boolean {
    const { link, hello } = this.#options;
    if (hello.features?.includes(FEATURE_RESEND) !== true || this.#failure !== undefined) return false;
    link.send({ type: 'RESEND', extents }).catch((error: unknown) => this.fail(error));
    return true;
  }

  /** The disks of the connection, in its order. */
  get diskIds(): readonly string[] {
    return this.#options.hello.disks.map(({ diskId }) => diskId);
  }

  /** The store has no open epoch and no commit under way when this resolves (C7). */
  async letGo(): Promise<void> {
    await this.#acknowledging;
    await this.#options.store.abandon();
  }

  async #welcome(): Promise<void> {
    const { link, store, hello, lanes } = this.#options;
    const { journalId, lastEpoch } = store;
    const disks = hello.disks.map(({ diskId }, index) => ({ diskId, empty: store.isEmpty(index) }));
    await link.send({
      ...{ type: 'WELCOME', protocolVersion: PROTOCOL_VERSION, journalId, lastEpoch, disks },
      ...(lanes === undefined ? {} : { lanes: lanes.lanes, laneToken: lanes.laneToken }),
    });
  }

  /** Not a race with a long-lived promise: that would remember every message ever waited for. */
  #next(messages: AsyncIterator<Message>): Promise<IteratorResult<Message>> {
    return new Promise((resolve, reject) => {
      this.#interruptWait = reject;
      if (this.#failure !== undefined) reject(this.#failure.error);
      else messages.next().then(resolve, reject);
    });
  }

  async #onMessage(message: Message): Promise<void> {
    const { store } = this.#options;
    switch (message.type) {
      case 'EXTENT':
        this.#incoming.checkExtent(message);
        return this.#staging.time(
          message.header.lengthBytes,
          store.putExtent(message.header, message.payload, message.release),
        );
      case 'ZEROES':
        this.#incoming.checkZeroes(message);
        return store.putZeroes(message.diskIndex, message.offsetBytes, message.lengthBytes);
      case 'COMMIT':
        return this.#commit(message);
      case 'ABANDON':
        this.#incoming.abandon();
        await this.#acknowledging;
        this.#throwFailure();
        return store.abandon();
      case 'HASHES_REQUEST':
        return this.#answerHashes(message);
      case 'HELLO':
      case 'WELCOME':
      case 'REFUSE':
      case 'DURABLE':
      case 'HASHES':
      case 'PING':
      case 'PONG':
      case 'PROBE':
      case 'PROBED':
      case 'RESEND':
      case 'LANE':
      case 'LANE_OPEN':
      case 'SECTION':
        throw violation(message);
      default:
        return unreachable(message);
    }
  }

  async #commit(message: EpochCommit): Promise<void> {
    this.#incoming.checkCommit(message);
    const { epoch, cutTimeMs, cutMonotonicNs, consistency, extentCount } = message;
    const commit = { epoch, cutTimeMs, cutMonotonicNs, consistency, extentCount };
    const durable = this.#options.store.commit(commit);
    this.#commitsInFlight += 1;
    this.#acknowledging = this.#acknowledge(this.#acknowledging, durable, commit);
    while (this.#commitsInFlight >= COMMITS_IN_FLIGHT_MAX && this.#failure === undefined) {
      const committed = new Promise<void>((resolve) => {
        this.#wakeCommitter = resolve;
      });
      await this.#staging.time(0, committed);
    }
  }

  /** Never rejects: what fails here ends `serve`. */
  async #acknowledge(before: Promise<void>, durable: Promise<void>, commit: EpochCommit): Promise<void> {
    const [outcome] = await Promise.allSettled([durable, before]);
    this.#commitsInFlight -= 1;
    if (outcome.status === 'rejected') this.fail(outcome.reason);
    else if (this.#failure === undefined) await this.#tellDurable(commit);
    this.#wakeCommitter?.();
  }

  async #tellDurable({ epoch, cutTimeMs }: EpochCommit): Promise<void> {
    this.#lastCutTimeMs = cutTimeMs;
    this.#options.onProgress(epoch, cutTimeMs);
    try {
      await this.#options.link.send({ type: 'DURABLE', epoch });
    } catch (error) {
      this.fail(error);
    }
  }

  async #answerHashes(request: HashesRequest): Promise<void> {
    this.#incoming.checkHashesRequest(request);
    await this.#acknowledging;
    this.#throwFailure();
    const { requestId, diskIndex, firstChunk, count, fresh } = request;
    const hashes = await this.#options.store.chunkHashes(diskIndex, firstChunk, count, fresh);
    await this.#options.link.send({ type: 'HASHES', requestId, hashes });
  }

  #tellProgress(): void {
    const { link, store, onProgress, lanes } = this.#options;
    const bytesReceived = link.bytesReceived + (lanes?.bytesReceived() ?? 0);
    if (bytesReceived < this.#progressAtBytes) return;
    this.#progressAtBytes = bytesReceived + PROGRESS_BYTES;
    onProgress(store.lastEpoch, this.#lastCutTimeMs);
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

function violation(message: Message): OperationError {
  return new OperationError('PROTOCOL_VIOLATION', `the agent sent ${message.type} where it may not`, {
    hint: 'check that agent and replication server are of compatible versions',
  });
}
