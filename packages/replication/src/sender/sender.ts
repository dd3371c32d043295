/**
 * The agent's end of replication: connects, greets, replicates, and begins again whenever the connection is
 * lost.
 */
import type { ReplicaDebt } from '@landfall/capture';
import type { ProofRequest, RecoveryPoint } from '@landfall/model';
import { AssertionFailure, type Backoff, OperationError, retry } from '@landfall/runtime';
import { SenderForecast } from '../forecast/sender-forecast.ts';
import { EqualityProof } from '../proof/equality-proof.ts';
import {
  DEFAULT_LIMITS,
  EPOCH_INTERVAL_MS_DEFAULT,
  type Sender,
  type SenderLimits,
  type SenderOptions,
  type SenderStatus,
} from './sender-options.ts';
import { runSenderSession } from './sender-session.ts';
import { SenderState } from './sender-state.ts';
import { senderStatus } from './sender-status.ts';
import { TokenBucket } from './token-bucket.ts';

export const CONNECT_BACKOFF: Backoff = { initialMs: 500, maximumMs: 30_000 };
/** Years of trying without progress. */
export const CONNECT_ATTEMPTS_MAX = 10_000_000;

export function createSender(options: SenderOptions): Sender {
  return new ReplicationSender(options);
}

class ReplicationSender implements Sender {
  readonly #options: SenderOptions;
  readonly #state: SenderState;
  readonly #bucket: TokenBucket;
  readonly #limits: SenderLimits;
  readonly #forecast: SenderForecast | undefined;

  constructor(options: SenderOptions) {
    const { source, clock, previous, sha256, bandwidth = 0 } = options;
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#forecast = options.churn === undefined ? undefined : new SenderForecast(options.churn);
    this.#bucket = new TokenBucket(clock, bandwidth);
    const epochIntervalMs = options.epochIntervalMs ?? EPOCH_INTERVAL_MS_DEFAULT;
    this.#state = new SenderState({ source, clock, previous, sha256, epochIntervalMs });
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#state.phase = 'RUNNING';
    try {
      while (!signal.aborted) await this.#connectUntilProgress(signal);
    } finally {
      this.#state.phase = 'ENDED';
      this.#state.waiters.rejectAll(stopped());
      await this.#state.freeSpace.end();
    }
  }

  status(): SenderStatus {
    return senderStatus(this.#state, this.#limits, this.#forecast);
  }

  async takeRecoveryPoint(): Promise<RecoveryPoint> {
    const { paused, phase, waiters, changed, clock } = this.#state;
    if (phase === 'ENDED') throw stopped();
    if (paused) throw pausedError();
    const point = waiters.wait(clock.monotonicNs());
    changed.notify();
    return point;
  }

  debt(): ReplicaDebt | undefined {
    return this.#state.debt();
  }

  setProof(request: ProofRequest | undefined): void {
    const state = this.#state;
    if (request?.proofId === state.proof?.proofId) return;
    state.proof?.end();
    const { source, clock } = state;
    state.proof =
      request === undefined ? undefined : new EqualityProof({ ...request, source, nowMs: clock.nowMs() });
    state.changed.notify();
  }

  setBandwidth(bytesPerSecond: number): void {
    if (this.#bucket.bytesPerSecond !== bytesPerSecond) this.#state.stages.reset();
    this.#bucket.bytesPerSecond = bytesPerSecond;
  }

  setEpochInterval(intervalMs: number): void {
    this.#state.epochIntervalMs = intervalMs;
    this.#state.changed.notify();
  }

  pause(): void {
    this.#state.paused = true;
    this.#state.waiters.rejectAll(pausedError());
    this.#state.changed.notify();
  }

  resume(): void {
    this.#state.paused = false;
    this.#state.changed.notify();
  }

  /**
   * One connection after another with growing delays; ends when one of them had an epoch acknowledged, and
   * is lost.
   */
  async #connectUntilProgress(signal: AbortSignal): Promise<void> {
    const { clock, random, connectBackoff = CONNECT_BACKOFF } = this.#options;
    try {
      await retry(() => this.#connectOnce(signal), {
        attemptsMax: CONNECT_ATTEMPTS_MAX,
        backoff: connectBackoff,
        clock,
        ...(random === undefined ? {} : { random }),
        signal,
        isRetryable: (error) => !(error instanceof AssertionFailure),
      });
    } catch (error) {
      if (!signal.aborted || error instanceof AssertionFailure) throw error;
    }
  }

  /** Resolves when the connection was of use before it was lost. */
  async #connectOnce(signal: AbortSignal): Promise<void> {
    const state = this.#state;
    let progressed = false;
    const onProgress = () => {
      progressed = true;
      state.refusal = undefined;
    };
    try {
      const link = await this.#options.connect(signal, 0);
      await runSenderSession({ ...this.#options, ...this.#parts(), onProgress }, link, signal);
    } catch (error) {
      if (error instanceof AssertionFailure || signal.aborted) throw error;
      this.#note(error);
      if (!progressed) throw error;
    } finally {
      if (state.link !== undefined) state.onDisconnected();
    }
  }

  #parts() {
    return { state: this.#state, bucket: this.#bucket, limits: this.#limits };
  }

  /** A fault that repeats is logged once. */
  #note(error: unknown): void {
    const state = this.#state;
    const isRefusal = error instanceof OperationError && error.context.refused === true;
    const before = isRefusal ? state.refusal : state.connectionError;
    if (codeOf(before) !== codeOf(error)) this.#options.logger.warn('replication-disconnected', { error });
    if (isRefusal) state.refusal = error;
    else state.connectionError = error;
  }
}

function codeOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  return error instanceof OperationError ? error.code : String(error);
}

function stopped(): OperationError {
  return new OperationError('REPLICATION_STOPPED', 'replication of this server has ended', {
    hint: 'start the agent again',
  });
}

function pausedError(): OperationError {
  return new OperationError('REPLICATION_PAUSED', 'replication of this server is paused', {
    hint: 'resume replication, then ask again',
  });
}
