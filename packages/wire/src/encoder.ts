/**
 * From a message to the bytes of its frame (FORMAT.md). A message past a maximum is a programmer error
 * here.
 */
import { CODEC_RAW } from '@landfall/block';
import { assert } from '@landfall/runtime';
import { type ControlMessage, controlPayload } from './control-payload.ts';
import {
  EXTENT_HEADER_BYTES,
  FRAME_HEADER_BYTES,
  FRAME_TYPES,
  HASHES_HEADER_BYTES,
  ZEROES_BYTES,
} from './frame-types.ts';
import type { ExtentMessage, Hashes, Message, MessageType, ProbeMessage, ZeroesMessage } from './messages.ts';

/** Payloads up to this are copied behind their header; larger ones are left where they are. */
const COPIED_PAYLOAD_BYTES_MAX = 16 * 1024;

/** The frame in one or two pieces, to be written in order. */
export function encodeMessage(message: Message): readonly Buffer[] {
  switch (message.type) {
    case 'EXTENT':
      return encodeExtentMessage(message);
    case 'ZEROES':
      return [encodeZeroes(message)];
    case 'HASHES':
      return [encodeHashes(message)];
    case 'PROBE':
      return encodeProbe(message);
    default:
      return [encodeControl(message)];
  }
}

/** Bytes the message takes on the wire. */
export function frameBytes(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

function encodeExtentMessage({ header, payload }: ExtentMessage): readonly Buffer[] {
  assert(
    payload.length > 0 && payload.length <= header.lengthBytes,
    'a payload is never longer than its extent',
  );
  assert(header.codec !== CODEC_RAW || payload.length === header.lengthBytes, 'a raw payload is the extent');
  const copied = payload.length <= COPIED_PAYLOAD_BYTES_MAX;
  const frame = frameFor('EXTENT', EXTENT_HEADER_BYTES + payload.length, copied ? payload.length : 0);
  let at = frame.writeUInt16BE(header.diskIndex, FRAME_HEADER_BYTES);
  at = frame.writeUInt8(header.codec, at);
  at = frame.writeUInt8(0, at);
  at = frame.writeUInt32BE(header.lengthBytes, at);
  at = frame.writeBigUInt64BE(BigInt(header.offsetBytes), at);
  at = frame.writeUInt32BE(header.checksum, at);
  if (!copied) return [frame, payload];
  payload.copy(frame, at);
  return [frame];
}

function encodeZeroes(message: ZeroesMessage): Buffer {
  const frame = frameFor('ZEROES', ZEROES_BYTES, 0);
  let at = frame.writeUInt16BE(message.diskIndex, FRAME_HEADER_BYTES);
  at = frame.writeBigUInt64BE(BigInt(message.offsetBytes), at);
  frame.writeBigUInt64BE(BigInt(message.lengthBytes), at);
  return frame;
}

function encodeHashes(message: Hashes): Buffer {
  const bodyBytes = HASHES_HEADER_BYTES + message.hashes.length;
  const frame = frameFor('HASHES', bodyBytes, message.hashes.length);
  const at = frame.writeUInt32BE(message.requestId, FRAME_HEADER_BYTES);
  message.hashes.copy(frame, at);
  return frame;
}

function encodeProbe({ payload }: ProbeMessage): readonly Buffer[] {
  return [frameFor('PROBE', payload.length, 0), payload];
}

function encodeControl(message: ControlMessage): Buffer {
  const payload = Buffer.from(controlPayload(message), 'utf8');
  const frame = frameFor(message.type, payload.length, payload.length);
  payload.copy(frame, FRAME_HEADER_BYTES);
  return frame;
}

/** A buffer for the frame with its header written; what is not copied in follows as a second piece. */
function frameFor(type: MessageType, bodyBytes: number, copiedBytes: number): Buffer {
  const { code, bodyBytesMin, bodyBytesMax } = FRAME_TYPES[type];
  assert(bodyBytes >= bodyBytesMin && bodyBytes <= bodyBytesMax, `a ${type} body of ${bodyBytes} bytes`);
  const fixed = type === 'EXTENT' ? EXTENT_HEADER_BYTES : type === 'HASHES' ? HASHES_HEADER_BYTES : 0;
  const ownBytes = type === 'ZEROES' ? ZEROES_BYTES : fixed + copiedBytes;
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + ownBytes);
  frame.writeUInt32BE(1 + bodyBytes, 0);
  frame.writeUInt8(code, 4);
  return frame;
}
