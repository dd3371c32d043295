/**
 * A ByteStream over a TCP or Unix socket.
 * - Received bytes wait in a queue of at most RECEIVE_BYTES_MAX (and one chunk); then the socket is not read.
 * - A peer that stops in the middle of a message, or takes nothing of what was sent, for `stallTimeoutMs`
 * is dropped.
 *   Between messages it may be silent for as long as it likes: an idle disk is no error.
 */
import type { Socket } from 'node:net';
import { assert, OperationError } from '@landfall/runtime';
import { ByteQueue } from './byte-queue.ts';
import { type ByteStream, readRest } from './byte-stream.ts';

const RECEIVE_BYTES_MAX = 1024 * 1024;
const KEEP_ALIVE_DELAY_MS = 60_000;

/**
 * The socket must be made with `allowHalfOpen`: the other side may stop sending and still want its replies.
 */
export class TcpStream implements ByteStream {
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #stallTimeoutMs: number;
  readonly #received = new ByteQueue();
  #wake: (() => void) | undefined;
  /** No more bytes will come. */
  #ended = false;
  #ending = false;
  #failure: Error | undefined;
  #insideMessage = false;

  constructor(socket: Socket, stallTimeoutMs: number) {
    this.#socket = socket;
    this.#stallTimeoutMs = stallTimeoutMs;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
    // Not as an argument of setTimeout: that would listen once, and an idle time is no stall yet.
    socket.setTimeout(stallTimeoutMs);
    socket.on('timeout', () => this.#dropIfStalled());
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.#end());
    socket.on('error', (cause) => {
      this.#failure ??= cause instanceof OperationError ? cause : connectionLost(cause.message, cause);
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#end();
        resolve();
      });
    });
  }

  async next(lengthBytes: number): Promise<Buffer | undefined> {
    // Not what came before the failure either: nobody would get the answers.
    if (this.#failure !== undefined) throw this.#failure;
    while (this.#received.lengthBytes === 0) {
      if (!(await this.#more())) return undefined;
    }
    const whole = this.#received.takeWhole(lengthBytes);
    if (whole === undefined) return readRest(this, lengthBytes);
    this.#resumeIfRoom();
    return whole;
  }

  async fill(target: Buffer): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    let filled = this.#received.moveTo(target, 0);
    if (filled < target.length) this.#socket.setTimeout(this.#stallTimeoutMs);
    this.#insideMessage = true;
    while (filled < target.length) {
      if (!(await this.#more())) throw connectionLost('it ended in the middle of a message');
      filled += this.#received.moveTo(target, filled);
    }
    this.#insideMessage = false;
    this.#resumeIfRoom();
  }

  write(...parts: Buffer[]): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      const settle = (error?: Error | null) => {
        if (error) reject(this.#failure ?? connectionLost(error.message, error));
        else resolve();
      };
      socket.cork();
      parts.forEach((part, index) => {
        if (index < parts.length - 1) socket.write(part);
        else socket.write(part, settle);
      });
      socket.uncork();
    });
  }

  end(): void {
    this.#ending = true;
    this.#socket.destroySoon();
  }

  destroy(reason: Error): void {
    this.#failure ??= reason;
    this.#socket.destroy();
    this.#end();
  }

  #receive(chunk: Buffer): void {
    this.#received.push(chunk);
    if (this.#received.lengthBytes > RECEIVE_BYTES_MAX) this.#socket.pause();
    this.#wakeReader();
  }

  #end(): void {
    this.#ended = true;
    this.#wakeReader();
  }

  #wakeReader(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Waits until something changed; false when no more bytes will come. */
  async #more(): Promise<boolean> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#ended) return false;
    assert(this.#wake === undefined, 'a stream is read by one reader at a time');
    this.#resumeIfRoom();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (this.#failure !== undefined) throw this.#failure;
    return this.#received.lengthBytes > 0 || !this.#ended;
  }

  #resumeIfRoom(): void {
    if (this.#socket.isPaused() && this.#received.lengthBytes <= RECEIVE_BYTES_MAX / 2) this.#socket.resume();
  }

  #dropIfStalled(): void {
    const stalled = this.#insideMessage || this.#ending || this.#socket.writableLength > 0;
    if (!stalled) return;
    const message = `the other side of an NBD connection did nothing for ${this.#stallTimeoutMs} ms in the middle of a message`;
    const hint = 'look at the client (stopped? swapped out?) and at the network to it; it may connect again';
    this.destroy(new OperationError('NBD_PEER_STALLED', message, { hint, retryable: true }));
  }
}

export function connectionLost(why: string, cause?: unknown): OperationError {
  return new OperationError('NBD_CONNECTION_LOST', `an NBD connection was lost: ${why}`, {
    hint: 'check that the other side still runs, then connect again',
    retryable: true,
    cause,
  });
}
