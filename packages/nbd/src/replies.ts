/**
 * Replies to one client, structured when that was agreed, simple otherwise. Each call sends a whole chunk
 * or reply.
 */
import type { AllocationExtent } from '@landfall/block';
import type { ByteStream } from './byte-stream.ts';
import { CHUNK, CHUNK_FLAG_DONE } from './protocol.ts';
import type { Refusal } from './request-check.ts';
import { BASE_ALLOCATION_ID } from './server-options.ts';
import {
  encodeBlockStatus,
  encodeChunkHeader,
  encodeDataChunkHeader,
  encodeError,
  encodeHole,
  encodeSimpleReply,
  type Request,
} from './transmission-codec.ts';

export class Replies {
  readonly structured: boolean;
  readonly #stream: ByteStream;

  constructor(stream: ByteStream, structured: boolean) {
    this.#stream = stream;
    this.structured = structured;
  }

  done({ cookie }: Request): Promise<void> {
    if (!this.structured) return this.#stream.write(encodeSimpleReply(cookie, 0));
    return this.#chunk(cookie, { type: CHUNK.NONE, payload: Buffer.alloc(0), last: true });
  }

  refused({ cookie }: Request, { errno, text }: Refusal): Promise<void> {
    if (!this.structured) return this.#stream.write(encodeSimpleReply(cookie, errno));
    return this.#chunk(cookie, { type: CHUNK.ERROR, payload: encodeError(errno, text), last: true });
  }

  /** All bytes of a read at once. */
  simpleRead({ cookie }: Request, content: Buffer): Promise<void> {
    return this.#stream.write(encodeSimpleReply(cookie, 0), content);
  }

  /** Some bytes of a read, from `offsetBytes` of the disk, which may not be sent again. */
  readData(
    { cookie }: Request,
    offsetBytes: number,
    part: { content: Buffer; last: boolean },
  ): Promise<void> {
    const { content, last } = part;
    const header = { flags: last ? CHUNK_FLAG_DONE : 0, type: CHUNK.OFFSET_DATA, cookie };
    const place = { offsetBytes, lengthBytes: content.length };
    return this.#stream.write(encodeDataChunkHeader(header, place), content);
  }

  readHole({ cookie }: Request, hole: AllocationExtent, last: boolean): Promise<void> {
    const payload = encodeHole(hole.offsetBytes, hole.lengthBytes);
    return this.#chunk(cookie, { type: CHUNK.OFFSET_HOLE, payload, last });
  }

  blockStatus({ cookie }: Request, extents: readonly AllocationExtent[]): Promise<void> {
    const payload = encodeBlockStatus(BASE_ALLOCATION_ID, extents);
    return this.#chunk(cookie, { type: CHUNK.BLOCK_STATUS, payload, last: true });
  }

  #chunk(cookie: bigint, chunk: { type: number; payload: Buffer; last: boolean }): Promise<void> {
    const { type, payload, last } = chunk;
    const flags = last ? CHUNK_FLAG_DONE : 0;
    const header = encodeChunkHeader({ flags, type, cookie, lengthBytes: payload.length });
    return payload.length === 0 ? this.#stream.write(header) : this.#stream.write(header, payload);
  }
}
