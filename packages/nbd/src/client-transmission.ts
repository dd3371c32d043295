/**
 * The client's transmission phase: requests go out as they come, at most REQUESTS_IN_FLIGHT_MAX; replies
 * come in any order and are told apart by their cookie. Whatever goes wrong with the connection rejects
 * everything under way, and everything after, with the same error.
 */
import { after, OperationError } from '@landfall/runtime';
import { type ByteStream, readRest } from './byte-stream.ts';
import { InFlightBudget } from './in-flight-budget.ts';
import { PendingReply, type ReplyFailure } from './pending-reply.ts';
import { CHUNK, CHUNK_FLAG_DONE, COMMAND, errnoName } from './protocol.ts';
import { protocolViolation } from './protocol-violation.ts';
import { connectionLost } from './tcp-stream.ts';
import {
  type ChunkHeader,
  CONTROL_CHUNK_BYTES_MAX,
  DATA_OFFSET_BYTES,
  decodeReplyHeader,
  encodeRequest,
  REPLY_MAGIC_BYTES,
  type Request,
  replyHeaderBytes,
} from './transmission-codec.ts';

const REQUESTS_IN_FLIGHT_MAX = 64;

interface Waiting {
  readonly reply: PendingReply;
  readonly resolve: (reply: PendingReply) => void;
  readonly reject: (error: unknown) => void;
  readonly cancelTimeout: () => void;
}

export interface Ask {
  readonly command: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly flags?: number;
  /** What a WRITE writes. */
  readonly payload?: Buffer;
  /** Where a READ reads to. */
  readonly target?: Buffer;
}

export class ClientTransmission {
  readonly #stream: ByteStream;
  readonly #allocationId: number | undefined;
  readonly #requestTimeoutMs: number;
  readonly #waiting = new Map<bigint, Waiting>();
  readonly #budget = new InFlightBudget({
    requestsMax: REQUESTS_IN_FLIGHT_MAX,
    bytesMax: Number.MAX_SAFE_INTEGER,
  });
  #lastCookie = 0n;
  #failure: unknown;
  readonly #received: Promise<void>;

  constructor(
    stream: ByteStream,
    options: { readonly allocationId: number | undefined; readonly requestTimeoutMs: number },
  ) {
    this.#stream = stream;
    this.#allocationId = options.allocationId;
    this.#requestTimeoutMs = options.requestTimeoutMs;
    this.#received = this.#receiveAll();
  }

  /** Resolves with the whole reply. Errors: NBD_REQUEST_FAILED, and those of a broken connection. */
  async ask(ask: Ask): Promise<PendingReply> {
    await this.#budget.acquire(0);
    try {
      const reply = await this.#exchange(ask);
      const failure = reply.finish();
      if (failure !== undefined) throw requestFailed(reply.request, failure);
      return reply;
    } finally {
      this.#budget.release(0);
    }
  }

  /** Says goodbye. What is under way rejects. */
  async close(): Promise<void> {
    if (this.#failure === undefined) {
      const request = { command: COMMAND.DISC, flags: 0, cookie: 0n, offsetBytes: 0, lengthBytes: 0 };
      const said = this.#stream.write(encodeRequest(request));
      this.#fail(connectionLost('it was closed on this side'));
      await Promise.allSettled([said]);
    }
    this.#stream.end();
    await this.#stream.closed;
    await this.#received;
  }

  #exchange(ask: Ask): Promise<PendingReply> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const { command, offsetBytes, lengthBytes, flags = 0, payload, target } = ask;
    this.#lastCookie += 1n;
    const request: Request = { command, flags, cookie: this.#lastCookie, offsetBytes, lengthBytes };
    const expected = { allocationId: this.#allocationId, ...(target === undefined ? {} : { target }) };
    const reply = new PendingReply(request, expected);
    return new Promise((resolve, reject) => {
      const cancelTimeout = after(this.#requestTimeoutMs, () => this.#break(this.#tooSlow()));
      this.#waiting.set(request.cookie, { reply, resolve, reject, cancelTimeout });
      const parts = payload === undefined ? [] : [payload];
      this.#stream.write(encodeRequest(request), ...parts).catch((error) => this.#break(error));
    });
  }

  /** Never rejects: what ends it is what every request fails with. */
  async #receiveAll(): Promise<void> {
    try {
      while (await this.#receiveReply());
      this.#break(connectionLost('the server hung up'));
    } catch (error) {
      this.#break(error);
    }
  }

  async #receiveReply(): Promise<boolean> {
    const start = await this.#stream.next(REPLY_MAGIC_BYTES);
    if (start === undefined) return false;
    const rest = await readRest(this.#stream, replyHeaderBytes(start) - start.length);
    const header = decodeReplyHeader(Buffer.concat([start, rest]));
    const waiting = this.#waiting.get(header.cookie);
    if (waiting === undefined) throw protocolViolation('a reply came to no request');
    const { reply } = waiting;
    if (header.kind === 'CHUNK') await this.#receiveChunk(header, reply);
    else if (header.errno !== 0) reply.fail({ errno: header.errno, text: '' });
    else await this.#receiveSimple(reply);
    if (header.kind === 'SIMPLE' || (header.flags & CHUNK_FLAG_DONE) !== 0) this.#settle(waiting);
    return true;
  }

  async #receiveSimple(reply: PendingReply): Promise<void> {
    if (reply.target !== undefined) await this.#stream.fill(reply.placeFor(reply.request));
  }

  async #receiveChunk(header: ChunkHeader, reply: PendingReply): Promise<void> {
    if (header.type === CHUNK.OFFSET_DATA) {
      const offset = await readRest(this.#stream, DATA_OFFSET_BYTES);
      const offsetBytes = Math.min(Number(offset.readBigUInt64BE()), Number.MAX_SAFE_INTEGER);
      const lengthBytes = header.lengthBytes - DATA_OFFSET_BYTES;
      return this.#stream.fill(reply.placeFor({ offsetBytes, lengthBytes }));
    }
    if (header.lengthBytes > CONTROL_CHUNK_BYTES_MAX) throw protocolViolation('a chunk is too long');
    reply.take(header.type, await readRest(this.#stream, header.lengthBytes));
  }

  #settle(waiting: Waiting): void {
    this.#waiting.delete(waiting.reply.request.cookie);
    waiting.cancelTimeout();
    waiting.resolve(waiting.reply);
  }

  #break(error: unknown): void {
    this.#fail(error);
    this.#stream.destroy(error instanceof Error ? error : new Error(String(error)));
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const waiting of this.#waiting.values()) {
      waiting.cancelTimeout();
      waiting.reject(this.#failure);
    }
    this.#waiting.clear();
  }

  #tooSlow(): OperationError {
    const message = `the NBD server did not answer a request within ${this.#requestTimeoutMs} ms`;
    return new OperationError('NBD_TIMEOUT', message, {
      hint: 'check that the server runs and its disks answer, then connect again',
      retryable: true,
    });
  }
}

function requestFailed(request: Request, failure: ReplyFailure): OperationError {
  const { offsetBytes, lengthBytes } = request;
  const name = Object.entries(COMMAND).find(([, command]) => command === request.command)?.[0];
  const why = `${errnoName(failure.errno)}${failure.text === '' ? '' : `: ${failure.text}`}`;
  const message = `the NBD server refused ${name} of ${lengthBytes} bytes at ${offsetBytes}: ${why}`;
  return new OperationError('NBD_REQUEST_FAILED', message, {
    hint: "look for the cause in the server's log",
    context: { errno: errnoName(failure.errno), offsetBytes, lengthBytes },
  });
}
