/**
 * The server's transmission phase: reads requests one after another and serves them at the same time, at most
 * REQUESTS_IN_FLIGHT_MAX and BYTES_IN_FLIGHT_MAX of them; then it reads no further and the socket's own
 * back-pressure holds the client. A request is in flight until its reply has gone to the kernel, so replies
 * a client does not take count too. Invariants:
 * N1  Every request that was read gets exactly one reply, or the connection ends.
 * N2  The device is not used any more when `transmit` has settled.
 */
import { type BlockDevice, isWritable } from '@landfall/block';
import type { BufferPool } from '@landfall/runtime';
import { describeError, type Logger, systemErrorCode } from '@landfall/runtime';
import { type ByteStream, readRest } from './byte-stream.ts';
import { InFlightBudget } from './in-flight-budget.ts';
import { COMMAND, COMMAND_FLAG, ERRNO, PAYLOAD_BYTES_MAX } from './protocol.ts';
import { protocolViolation } from './protocol-violation.ts';
import { Replies } from './replies.ts';
import { checkRequest, type Refusal } from './request-check.ts';
import { findBlockStatus } from './server-block-status.ts';
import type { Negotiated } from './server-handshake.ts';
import { readCostBytes, serveRead } from './server-read.ts';
import { decodeRequest, REQUEST_BYTES, type Request } from './transmission-codec.ts';

const REQUESTS_IN_FLIGHT_MAX = 16;
const BYTES_IN_FLIGHT_MAX = 2 * PAYLOAD_BYTES_MAX;

export interface TransmissionFacts {
  readonly requests: number;
  readonly failedRequests: number;
}

export class ServerTransmission {
  readonly #stream: ByteStream;
  readonly #negotiated: Negotiated;
  readonly #replies: Replies;
  readonly #pool: BufferPool;
  readonly #logger: Logger;
  readonly #budget = new InFlightBudget({
    requestsMax: REQUESTS_IN_FLIGHT_MAX,
    bytesMax: BYTES_IN_FLIGHT_MAX,
  });
  readonly #inFlight = new Set<Promise<void>>();
  #requests = 0;
  #failedRequests = 0;
  #deviceFailed = false;

  constructor(
    stream: ByteStream,
    negotiated: Negotiated,
    shared: { readonly pool: BufferPool; readonly logger: Logger },
  ) {
    this.#stream = stream;
    this.#negotiated = negotiated;
    this.#replies = new Replies(stream, negotiated.structuredReplies);
    this.#pool = shared.pool;
    this.#logger = shared.logger;
  }

  get facts(): TransmissionFacts {
    return { requests: this.#requests, failedRequests: this.#failedRequests };
  }

  /** Serves until the client leaves; rejects when the connection broke or the client broke the protocol. */
  async transmit(): Promise<void> {
    try {
      while (await this.#takeRequest()) this.#requests += 1;
    } catch (error) {
      this.#stream.destroy(asError(error));
      throw error;
    } finally {
      await Promise.all(this.#inFlight);
    }
  }

  /** False when the client leaves. */
  async #takeRequest(): Promise<boolean> {
    const message = await this.#stream.next(REQUEST_BYTES);
    if (message === undefined) return false;
    const request = decodeRequest(message);
    if (request.command === COMMAND.DISC) return false;
    const costBytes = this.#costBytes(request);
    await this.#budget.acquire(costBytes);
    const payload = await this.#readPayload(request);
    const served = this.#serve(request, payload).finally(() => {
      this.#budget.release(costBytes);
      this.#inFlight.delete(served);
    });
    this.#inFlight.add(served);
    return true;
  }

  #costBytes(request: Request): number {
    if (request.command === COMMAND.READ)
      return Math.min(readCostBytes(request, this.#reading), PAYLOAD_BYTES_MAX);
    if (request.command !== COMMAND.WRITE) return 0;
    if (request.lengthBytes <= PAYLOAD_BYTES_MAX) return request.lengthBytes;
    throw protocolViolation(
      `a WRITE has ${request.lengthBytes} bytes; at most ${PAYLOAD_BYTES_MAX} are allowed`,
    );
  }

  get #reading() {
    return { device: this.#negotiated.device, replies: this.#replies, pool: this.#pool };
  }

  /** The payload follows its request whatever will be answered to it. */
  async #readPayload(request: Request): Promise<Buffer> {
    return request.command === COMMAND.WRITE ? readRest(this.#stream, request.lengthBytes) : Buffer.alloc(0);
  }

  /** Never rejects: an error of the device is the reply, one of the connection ends it. */
  async #serve(request: Request, payload: Buffer): Promise<void> {
    try {
      const refusal = checkRequest(request, this.#negotiated);
      if (refusal === undefined) await this.#execute(request, payload);
      else await this.#refuse(request, refusal);
    } catch (error) {
      await this.#reportFailure(request, error);
    }
  }

  async #execute(request: Request, payload: Buffer): Promise<void> {
    const { device } = this.#negotiated;
    if (request.command === COMMAND.READ) return serveRead(request, this.#reading);
    if (request.command === COMMAND.BLOCK_STATUS) {
      return this.#replies.blockStatus(request, await findBlockStatus(request, device));
    }
    // CACHE is advice, and on a read-only device there is nothing to flush.
    if (isWritable(device)) await change(device, request, payload);
    return this.#replies.done(request);
  }

  async #refuse(request: Request, refusal: Refusal): Promise<void> {
    this.#failedRequests += 1;
    await this.#replies.refused(request, refusal);
  }

  async #reportFailure(request: Request, error: unknown): Promise<void> {
    try {
      await this.#refuse(request, { errno: errnoOf(error), text: describeError(error) });
      this.#logFirst(request, error);
    } catch (lost) {
      this.#stream.destroy(asError(lost));
    }
  }

  /** A guest repeats what fails, for ever: one line a connection, and the count when it ends. */
  #logFirst(request: Request, error: unknown): void {
    if (this.#deviceFailed) return;
    this.#deviceFailed = true;
    const { command, offsetBytes, lengthBytes } = request;
    this.#logger.warn('nbd-request-failed', { command, offsetBytes, lengthBytes, error });
  }
}

async function change(device: BlockDevice, request: Request, payload: Buffer): Promise<void> {
  const { command, offsetBytes, lengthBytes } = request;
  if (command === COMMAND.WRITE) await device.write(offsetBytes, payload);
  // What a trimmed range reads as is open; zeroes let the device give the space back.
  const zeroes = command === COMMAND.WRITE_ZEROES || command === COMMAND.TRIM;
  if (zeroes) await device.writeZeroes(offsetBytes, lengthBytes);
  const durable = (request.flags & COMMAND_FLAG.FUA) !== 0;
  if (command === COMMAND.FLUSH || durable) await device.flush();
}

function errnoOf(error: unknown): number {
  const code = systemErrorCode(error);
  if (code === 'ENOSPC' || code === 'ENOMEM' || code === 'EPERM') return ERRNO[code];
  return ERRNO.EIO;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
