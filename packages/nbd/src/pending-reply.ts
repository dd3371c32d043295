/**
 * What the client still expects for one request. The connection feeds it the chunks of its reply; it says
 * where bytes go, and whether all came. Pure apart from filling the target.
 */
import type { AllocationExtent } from '@landfall/block';
import { CHUNK, isErrorChunk } from './protocol.ts';
import { protocolViolation } from './protocol-violation.ts';
import {
  type DataPlace,
  decodeBlockStatus,
  decodeError,
  decodeHole,
  type Request,
} from './transmission-codec.ts';

export interface ReplyFailure {
  readonly errno: number;
  readonly text: string;
}

export class PendingReply {
  readonly request: Request;
  /** Where the bytes of a READ go; the request's length. */
  readonly target: Buffer | undefined;
  #failure: ReplyFailure | undefined;
  #extents: readonly AllocationExtent[] | undefined;
  readonly #covered: DataPlace[] = [];
  readonly #allocationId: number | undefined;

  constructor(request: Request, expected: { target?: Buffer; allocationId?: number | undefined }) {
    this.request = request;
    this.target = expected.target;
    this.#allocationId = expected.allocationId;
  }

  /** The part of the target that an OFFSET_DATA chunk fills. */
  placeFor(place: DataPlace): Buffer {
    const start = this.#cover(place);
    if (this.target === undefined) throw protocolViolation('data came that nobody asked for');
    return this.target.subarray(start, start + place.lengthBytes);
  }

  /** A chunk without data. */
  take(type: number, payload: Buffer): void {
    if (isErrorChunk(type)) this.#fail(payload);
    else if (type === CHUNK.OFFSET_HOLE) this.#takeHole(payload);
    else if (type === CHUNK.BLOCK_STATUS) this.#takeStatus(payload);
    else if (type !== CHUNK.NONE) throw protocolViolation(`chunk type ${type} is not known`);
  }

  fail(failure: ReplyFailure): void {
    this.#failure ??= failure;
  }

  /** After the last chunk. Without a failure a READ is complete then. */
  finish(): ReplyFailure | undefined {
    if (this.#failure === undefined && this.target !== undefined) this.#checkCovered();
    return this.#failure;
  }

  /** What a BLOCK_STATUS was answered. */
  get extents(): readonly AllocationExtent[] {
    if (this.#extents === undefined) throw protocolViolation('a BLOCK_STATUS was answered without extents');
    return this.#extents;
  }

  /** Notes the place as filled; returns where it begins in the request. */
  #cover(place: DataPlace): number {
    const start = place.offsetBytes - this.request.offsetBytes;
    if (start < 0 || place.lengthBytes === 0 || start + place.lengthBytes > this.request.lengthBytes) {
      throw protocolViolation('a chunk lies outside of what was asked for');
    }
    this.#covered.push(place);
    return start;
  }

  #checkCovered(): void {
    let position = this.request.offsetBytes;
    for (const place of this.#covered.sort((left, right) => left.offsetBytes - right.offsetBytes)) {
      if (place.offsetBytes !== position)
        throw protocolViolation('the chunks of a read leave gaps or overlap');
      position += place.lengthBytes;
    }
    const missing = this.request.offsetBytes + this.request.lengthBytes - position;
    if (missing !== 0) throw protocolViolation(`${missing} bytes of a read did not come`);
  }

  #takeHole(payload: Buffer): void {
    const hole = decodeHole(payload);
    if (hole === undefined) throw protocolViolation('a hole is malformed');
    this.placeFor(hole).fill(0);
  }

  #takeStatus(payload: Buffer): void {
    const status = decodeBlockStatus(payload, this.request.offsetBytes);
    if (status === undefined) throw protocolViolation('a block status is malformed');
    if (status.contextId === this.#allocationId) this.#extents = status.extents;
  }

  #fail(payload: Buffer): void {
    const failure = decodeError(payload);
    if (failure === undefined) throw protocolViolation('an error is malformed');
    this.fail(failure);
  }
}
