/**
 * A link that notices a dead peer: both ends send a PING every PING_INTERVAL_MS whatever else they do, and
 * whoever has waited SILENCE_MS_MAX for any message gives the link up with LINK_SILENT. Only time spent
 * waiting counts: an end that is busy and has not looked learns nothing about the other.
 */
import { type Clock, OperationError } from '@landfall/runtime';
import type { Link, Message, Ping } from '@landfall/wire';
import type { StagingFacts } from '../forecast/stage-meter.ts';

export const PING_INTERVAL_MS = 10_000;
export const SILENCE_MS_MAX = 30_000;

export interface KeepAliveOptions {
  /** What a server says of its store with every PING. */
  readonly stagingFacts?: () => StagingFacts | undefined;
  /** What an agent is told of it. */
  readonly onStaging?: (facts: StagingFacts) => void;
}

export function withKeepAlive(link: Link, clock: Clock, options: KeepAliveOptions = {}): Link {
  return new LiveLink(link, clock, options);
}

class LiveLink implements Link {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #options: KeepAliveOptions;
  readonly #ended = new AbortController();
  #waitingSinceNs: bigint | undefined;
  #pinging = false;
  #token = 0;

  constructor(link: Link, clock: Clock, options: KeepAliveOptions) {
    this.#link = link;
    this.#options = options;
    this.#clock = clock;
    this.#beat().catch((error: unknown) => this.#link.destroy(asError(error)));
  }

  get bytesSent(): number {
    return this.#link.bytesSent;
  }

  get bytesReceived(): number {
    return this.#link.bytesReceived;
  }

  get bytesWaiting(): number {
    return this.#link.bytesWaiting;
  }

  limitBuffers(bytesMax: number): void {
    this.#link.limitBuffers(bytesMax);
  }

  send(message: Message): Promise<void> {
    return this.#link.send(message);
  }

  async *messages(): AsyncGenerator<Message> {
    const source = this.#link.messages()[Symbol.asyncIterator]();
    try {
      for (;;) {
        this.#waitingSinceNs = this.#clock.monotonicNs();
        const result = await source.next();
        this.#waitingSinceNs = undefined;
        if (result.done === true) return;
        if (result.value.type === 'PING') this.#onPing(result.value);
        else if (result.value.type !== 'PONG') yield result.value;
      }
    } finally {
      this.#ended.abort();
    }
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await this.#link.close();
  }

  destroy(reason?: Error): void {
    this.#ended.abort();
    this.#link.destroy(reason);
  }

  async #beat(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      try {
        await this.#clock.sleep(PING_INTERVAL_MS, this.#ended.signal);
      } catch (error) {
        if (this.#ended.signal.aborted) return;
        throw error;
      }
      if (this.#silentMs() >= SILENCE_MS_MAX) return this.#link.destroy(silent());
      this.#ping();
    }
  }

  /** Never waits: a PING behind a full send buffer must not keep us from noticing the silence. */
  #ping(): void {
    if (this.#pinging) return;
    this.#pinging = true;
    this.#token += 1;
    const facts = this.#options.stagingFacts?.();
    this.#link.send({ type: 'PING', token: this.#token, ...facts }).then(
      () => {
        this.#pinging = false;
      },
      (error: unknown) => this.#link.destroy(asError(error)),
    );
  }

  #onPing({ token, storedBytes, storeBusyMs }: Ping): void {
    if (storedBytes !== undefined && storeBusyMs !== undefined) {
      this.#options.onStaging?.({ storedBytes, storeBusyMs });
    }
    this.#link.send({ type: 'PONG', token }).catch((error: unknown) => this.#link.destroy(asError(error)));
  }

  #silentMs(): number {
    if (this.#waitingSinceNs === undefined) return 0;
    return Number(this.#clock.monotonicNs() - this.#waitingSinceNs) / 1e6;
  }
}

function silent(): OperationError {
  const message = `nothing was heard on the replication connection for ${SILENCE_MS_MAX} ms`;
  return new OperationError('LINK_SILENT', message, {
    hint: 'check the network between source and replication server; the agent reconnects by itself',
    retryable: true,
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
