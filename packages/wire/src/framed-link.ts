/**
 * A `Link` over any byte stream (a TLS socket, one end of a memory pair). Two bounds: `send` waits while
 * more than SEND_BUFFER_BYTES_MAX are under way; the stream is paused while messages of more than
 * RECEIVE_BUFFER_BYTES_MAX wait to be taken; `limitBuffers` makes both less. Closing lingers: what the peer
 * still sends is discarded until it closes too, because a socket closed with unread bytes resets the
 * connection, and a REFUSE on its way would be lost.
 */
import type { Duplex } from 'node:stream';
import { assert, type Clock, OperationError, systemClock, systemErrorCode } from '@landfall/runtime';
import { Decoder } from './decoder.ts';
import { encodeMessage, frameBytes } from './encoder.ts';
import { EXTENT_HEADER_BYTES, FRAME_HEADER_BYTES } from './frame-types.ts';
import type { Link } from './link.ts';
import type { Message } from './messages.ts';
import { OutgoingPieces } from './outgoing-pieces.ts';

export const SEND_BUFFER_BYTES_MAX = 4 * 1024 * 1024;
export const RECEIVE_BUFFER_BYTES_MAX = 4 * 1024 * 1024;
export const LINGER_MS = 2000;
/** What a queued message takes besides its payload. */
const MESSAGE_BYTES = 256;

export function createFramedLink(stream: Duplex, clock: Clock = systemClock): Link {
  return new FramedLink(stream, clock);
}

class FramedLink implements Link {
  readonly #stream: Duplex;
  readonly #clock: Clock;
  readonly #decoder: Decoder;
  readonly #outgoing: OutgoingPieces;
  readonly #queue: Message[] = [];
  readonly #ended = new AbortController();
  #queuedBytes = 0;
  #sendBytesMax = SEND_BUFFER_BYTES_MAX;
  #receiveBytesMax = RECEIVE_BUFFER_BYTES_MAX;
  #bytesSent = 0;
  #bytesReceived = 0;
  #failure: Error | undefined;
  #peerEnded = false;
  #closing = false;
  #iterated = false;
  #wakeReader: (() => void) | undefined;
  #wakeSenders: (() => void)[] = [];

  constructor(stream: Duplex, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
    this.#outgoing = new OutgoingPieces(stream, () => this.#onTaken());
    this.#decoder = new Decoder((message) => this.#enqueue(message));
    stream.on('data', (bytes: Buffer) => this.#receive(bytes));
    stream.on('end', () => this.#onPeerEnd());
    stream.on('error', (error) => this.#fail(lost(error)));
    stream.on('close', () => this.#onClose());
  }

  get bytesSent(): number {
    return this.#bytesSent;
  }

  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  get bytesWaiting(): number {
    return this.#outgoing.bytes;
  }

  limitBuffers(bytesMax: number): void {
    this.#sendBytesMax = Math.min(bytesMax, SEND_BUFFER_BYTES_MAX);
    this.#receiveBytesMax = Math.min(bytesMax, RECEIVE_BUFFER_BYTES_MAX);
  }

  async send(message: Message): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closing) throw lost(undefined);
    const pieces = encodeMessage(message);
    const sent = message.type === 'EXTENT' ? message.release : undefined;
    for (const [index, piece] of pieces.entries()) {
      this.#bytesSent += piece.length;
      this.#outgoing.push(piece, index === pieces.length - 1 ? sent : undefined);
    }
    while (this.#outgoing.bytes > this.#sendBytesMax) {
      await new Promise<void>((resolve) => this.#wakeSenders.push(resolve));
      if (this.#failure !== undefined) throw this.#failure;
    }
  }

  async *messages(): AsyncGenerator<Message> {
    assert(!this.#iterated, 'the messages of a link are iterated once');
    this.#iterated = true;
    for (;;) {
      const message = this.#dequeue();
      if (message !== undefined) yield message;
      else if (this.#failure !== undefined) throw this.#failure;
      else if (this.#peerEnded || this.#closing) return;
      else await this.#untilSomethingHappens();
    }
  }

  async close(): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#closing = true;
    this.#discardQueue();
    this.#outgoing.end();
    this.#stream.resume();
    this.#wake();
    await this.#untilEnded(LINGER_MS);
    this.#stream.destroy();
  }

  destroy(reason?: Error): void {
    this.#fail(reason ?? lost(undefined));
    this.#discardQueue();
    this.#stream.destroy();
  }

  #onTaken(): void {
    if (this.#outgoing.bytes <= this.#sendBytesMax) this.#releaseSenders();
  }

  #receive(bytes: Buffer): void {
    if (this.#closing || this.#failure !== undefined) return;
    this.#bytesReceived += bytes.length;
    try {
      this.#decoder.push(bytes);
    } catch (error) {
      this.#fail(error instanceof Error ? error : lost(error));
    }
    if (this.#queuedBytes > this.#receiveBytesMax) this.#stream.pause();
    this.#wake();
  }

  #enqueue(message: Message): void {
    this.#queue.push(message);
    this.#queuedBytes += sizeOf(message);
  }

  #dequeue(): Message | undefined {
    const message = this.#queue.shift();
    if (message === undefined) return undefined;
    this.#queuedBytes -= sizeOf(message);
    if (this.#stream.isPaused() && this.#queuedBytes <= this.#receiveBytesMax / 2) this.#stream.resume();
    return message;
  }

  #discardQueue(): void {
    this.#queue.length = 0;
    this.#queuedBytes = 0;
  }

  #onPeerEnd(): void {
    this.#peerEnded = true;
    if (!this.#decoder.isBetweenFrames && !this.#closing) this.#fail(cutOff());
    this.#wake();
  }

  #onClose(): void {
    this.#ended.abort();
    if (!this.#peerEnded && !this.#closing) this.#fail(lost(undefined));
    this.#wake();
    this.#releaseSenders();
  }

  /** The first failure is the reason; messages that came before it are still handed over. */
  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
    this.#releaseSenders();
  }

  #wake(): void {
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }

  #releaseSenders(): void {
    const waiting = this.#wakeSenders;
    this.#wakeSenders = [];
    for (const release of waiting) release();
  }

  #untilSomethingHappens(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeReader = resolve;
    });
  }

  async #untilEnded(waitMs: number): Promise<void> {
    if (this.#stream.destroyed) return;
    try {
      await this.#clock.sleep(waitMs, this.#ended.signal);
    } catch (error) {
      if (!this.#ended.signal.aborted) throw error;
    }
  }
}

/** Bytes the message takes on the wire, for those who budget bandwidth. */
export function wireBytes(message: Message): number {
  if (message.type !== 'EXTENT') return frameBytes(encodeMessage(message));
  return FRAME_HEADER_BYTES + EXTENT_HEADER_BYTES + message.payload.length;
}

function sizeOf(message: Message): number {
  if (message.type === 'EXTENT') return MESSAGE_BYTES + message.payload.length;
  return MESSAGE_BYTES + (message.type === 'HASHES' ? message.hashes.length : 0);
}

export function lost(cause: unknown): OperationError {
  const code = systemErrorCode(cause) ?? '';
  if (/ALERT/.test(code)) return certificateRefused(cause);
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new OperationError('LINK_LOST', `the replication connection was lost${why}`, {
    hint: 'check the network between source and replication server; the agent reconnects by itself',
    retryable: true,
    cause,
  });
}

function cutOff(): OperationError {
  return new OperationError('LINK_LOST', 'the replication connection ended in the middle of a message', {
    hint: 'check the network between source and replication server; the agent reconnects by itself',
    retryable: true,
  });
}

function certificateRefused(cause: unknown): OperationError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = `the peer did not accept our certificate: ${why}`;
  return new OperationError('CERTIFICATE_REFUSED', message, {
    hint: 'check that both programs were enrolled with the same control plane and that the clocks are right',
    cause,
  });
}
