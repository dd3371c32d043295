/**
 * From bytes as they come to messages. Incremental: a frame may arrive in any number of pieces. Bounded: a
 * frame's type and length are judged as soon as its five header bytes are there, so the decoder never holds
 * more than one frame of the largest kind, and allocates for a large one only when it has begun to arrive.
 * After an error the decoder is spent.
 */
import { CODEC_RAW, CODEC_ZSTD, type Codec } from '@landfall/block';
import { assert, BufferPool, OperationError } from '@landfall/runtime';
import { malformed, parseControl } from './control-payload.ts';
import {
  EXTENT_HEADER_BYTES,
  FRAME_HEADER_BYTES,
  FRAME_TYPES,
  HASHES_HEADER_BYTES,
  messageTypeOf,
} from './frame-types.ts';
import {
  DISKS_MAX,
  EXTENT_BYTES_MAX,
  type ExtentMessage,
  HASH_BYTES,
  type Message,
  type MessageType,
} from './messages.ts';

/** A body is given this much at first, and its whole length only when more than this has arrived. */
const BODY_BYTES_INITIAL = 64 * 1024;
/** Large bodies kept for use again, a connection. */
const POOL_FREE_MAX = 16;

export class Decoder {
  readonly #onMessage: (message: Message) => void;
  readonly #header = Buffer.alloc(FRAME_HEADER_BYTES);
  #headerBytes = 0;
  #type: MessageType | undefined;
  #body: Buffer = Buffer.alloc(0);
  #bodyBytes = 0;
  #bodyLength = 0;
  #failed = false;
  /** Bodies of large extents: whoever takes the message gives them back. */
  readonly #pool = new BufferPool({
    unitBytes: EXTENT_HEADER_BYTES + EXTENT_BYTES_MAX,
    freeMax: POOL_FREE_MAX,
  });
  #release: (() => void) | undefined;
  /** Of a large body, until more of it has arrived; made for the first of them. */
  #beginning: Buffer | undefined;

  constructor(onMessage: (message: Message) => void) {
    this.#onMessage = onMessage;
  }

  /** True when no frame has begun: the only place a connection may end in good order. */
  get isBetweenFrames(): boolean {
    return this.#headerBytes === 0;
  }

  /**
   * Errors: FRAME_UNKNOWN, FRAME_OVERSIZED, FRAME_MALFORMED. Messages before the bad frame have been handed
   * over.
   */
  push(bytes: Buffer): void {
    assert(!this.#failed, 'a decoder is not used after it failed');
    this.#failed = true;
    let at = 0;
    while (at < bytes.length) {
      at += this.#type === undefined ? this.#takeHeader(bytes, at) : this.#takeBody(bytes, at);
    }
    this.#failed = false;
  }

  #takeHeader(bytes: Buffer, at: number): number {
    const taken = bytes.copy(this.#header, this.#headerBytes, at);
    this.#headerBytes += taken;
    if (this.#headerBytes === FRAME_HEADER_BYTES) this.#beginBody();
    return taken;
  }

  #beginBody(): void {
    const code = this.#header.readUInt8(4);
    const type = messageTypeOf(code);
    if (type === undefined) throw unknownFrame(code);
    const bodyLength = this.#header.readUInt32BE(0) - 1;
    const { bodyBytesMin, bodyBytesMax } = FRAME_TYPES[type];
    if (bodyLength > bodyBytesMax) throw oversized(type, bodyLength, bodyBytesMax);
    if (bodyLength < bodyBytesMin) throw malformed(`a ${type} of ${bodyLength} bytes is too short`);
    this.#type = type;
    this.#bodyLength = bodyLength;
    this.#bodyBytes = 0;
    this.#body = this.#roomFor(bodyLength);
  }

  #roomFor(bodyLength: number): Buffer {
    if (bodyLength <= BODY_BYTES_INITIAL) return Buffer.allocUnsafeSlow(bodyLength);
    this.#beginning ??= Buffer.allocUnsafeSlow(BODY_BYTES_INITIAL);
    return this.#beginning;
  }

  #takeBody(bytes: Buffer, at: number): number {
    const wanted = Math.min(bytes.length - at, this.#bodyLength - this.#bodyBytes);
    this.#makeRoom(this.#bodyBytes + wanted);
    bytes.copy(this.#body, this.#bodyBytes, at, at + wanted);
    this.#bodyBytes += wanted;
    if (this.#bodyBytes === this.#bodyLength) this.#endBody();
    return wanted;
  }

  #makeRoom(neededBytes: number): void {
    if (neededBytes <= this.#body.length) return;
    const whole = this.#pool.take(this.#bodyLength);
    this.#body.copy(whole.bytes, 0, 0, this.#bodyBytes);
    this.#body = whole.bytes;
    this.#release = whole.release;
  }

  #endBody(): void {
    const type = this.#type;
    assert(type !== undefined, 'a body has a type');
    const body = this.#body.subarray(0, this.#bodyLength);
    this.#type = undefined;
    this.#headerBytes = 0;
    this.#body = Buffer.alloc(0);
    const release = this.#release;
    this.#release = undefined;
    this.#onMessage(decodeBody(type, body, release));
  }
}

function decodeBody(type: MessageType, body: Buffer, release: (() => void) | undefined): Message {
  switch (type) {
    case 'EXTENT':
      return { ...decodeExtentBody(body), ...(release === undefined ? {} : { release }) };
    case 'ZEROES':
      return decodeZeroes(body);
    case 'HASHES':
      return decodeHashes(body);
    case 'PROBE':
      return { type: 'PROBE', payload: body };
    default:
      return parseControl(type, body.toString('utf8'));
  }
}

function decodeExtentBody(body: Buffer): ExtentMessage {
  const payload = body.subarray(EXTENT_HEADER_BYTES);
  const codec = codecOf(body.readUInt8(2));
  const lengthBytes = body.readUInt32BE(4);
  if (body.readUInt8(3) !== 0) throw malformed('a reserved byte is not zero');
  if (lengthBytes === 0 || lengthBytes > EXTENT_BYTES_MAX)
    throw malformed(`an extent of ${lengthBytes} bytes`);
  if (payload.length > lengthBytes) throw malformed('a payload longer than its extent');
  if (codec === CODEC_RAW && payload.length !== lengthBytes)
    throw malformed('a raw payload that is too short');
  const checksum = body.readUInt32BE(16);
  const offsetBytes = safeNumber(body.readBigUInt64BE(8), lengthBytes);
  return {
    type: 'EXTENT',
    header: { diskIndex: diskIndexOf(body), offsetBytes, lengthBytes, codec, checksum },
    payload,
  };
}

function decodeZeroes(body: Buffer): Message {
  const lengthBytes = safeNumber(body.readBigUInt64BE(10), 0);
  if (lengthBytes === 0) throw malformed('a zero range of no length');
  const offsetBytes = safeNumber(body.readBigUInt64BE(2), lengthBytes);
  return { type: 'ZEROES', diskIndex: diskIndexOf(body), offsetBytes, lengthBytes };
}

function decodeHashes(body: Buffer): Message {
  const hashes = body.subarray(HASHES_HEADER_BYTES);
  if (hashes.length % HASH_BYTES !== 0) throw malformed('hashes that are not 32 bytes each');
  return { type: 'HASHES', requestId: body.readUInt32BE(0), hashes };
}

function diskIndexOf(body: Buffer): number {
  const diskIndex = body.readUInt16BE(0);
  if (diskIndex < DISKS_MAX) return diskIndex;
  throw malformed(`disk ${diskIndex} of at most ${DISKS_MAX}`);
}

function codecOf(code: number): Codec {
  if (code === CODEC_RAW || code === CODEC_ZSTD) return code;
  throw malformed(`an unknown codec, ${code}`);
}

/** Style: offsets are safe integers, and so is every end of an extent. */
function safeNumber(value: bigint, added: number): number {
  if (value + BigInt(added) <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw malformed('an offset or length that is too large');
}

function unknownFrame(code: number): OperationError {
  return new OperationError('FRAME_UNKNOWN', `the peer sent a frame of unknown type ${code}`, {
    hint: 'check that it is a Landfall program of a compatible version that connected',
    context: { frameType: code },
  });
}

function oversized(type: MessageType, bodyBytes: number, bodyBytesMax: number): OperationError {
  const message = `the peer announced a ${type} of ${bodyBytes} bytes; at most ${bodyBytesMax} are allowed`;
  return new OperationError('FRAME_OVERSIZED', message, {
    hint: 'check that it is a Landfall program of a compatible version that connected',
    context: { type, bodyBytes },
  });
}
