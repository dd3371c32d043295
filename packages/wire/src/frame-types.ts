/**
 * The byte that names a message, and the largest frame of its type. Numbers are for ever: never reuse one.
 */
import {
  CONTROL_BYTES_MAX,
  EXTENT_BYTES_MAX,
  HASH_BYTES,
  HASHES_COUNT_MAX,
  type MessageType,
  PROBE_BYTES_MAX,
} from './messages.ts';

/** u32 length, u8 type. */
export const FRAME_HEADER_BYTES = 5;
/** u16 disk, u8 codec, u8 zero, u32 length, u64 offset, u32 checksum. */
export const EXTENT_HEADER_BYTES = 20;
/** u16 disk, u64 offset, u64 length. */
export const ZEROES_BYTES = 18;
/** u32 request. */
export const HASHES_HEADER_BYTES = 4;

export interface FrameType {
  readonly code: number;
  /** Of the body: what follows the type byte. */
  readonly bodyBytesMin: number;
  readonly bodyBytesMax: number;
}

const control = (code: number): FrameType => ({ code, bodyBytesMin: 2, bodyBytesMax: CONTROL_BYTES_MAX });

export const FRAME_TYPES = {
  HELLO: control(1),
  WELCOME: control(2),
  REFUSE: control(3),
  EXTENT: {
    code: 4,
    bodyBytesMin: EXTENT_HEADER_BYTES + 1,
    bodyBytesMax: EXTENT_HEADER_BYTES + EXTENT_BYTES_MAX,
  },
  ZEROES: { code: 5, bodyBytesMin: ZEROES_BYTES, bodyBytesMax: ZEROES_BYTES },
  COMMIT: control(6),
  DURABLE: control(7),
  HASHES_REQUEST: control(8),
  HASHES: {
    code: 9,
    bodyBytesMin: HASHES_HEADER_BYTES + HASH_BYTES,
    bodyBytesMax: HASHES_HEADER_BYTES + HASHES_COUNT_MAX * HASH_BYTES,
  },
  ABANDON: control(10),
  PING: control(11),
  PONG: control(12),
  PROBE: { code: 13, bodyBytesMin: 1, bodyBytesMax: PROBE_BYTES_MAX },
  PROBED: control(14),
  RESEND: control(15),
  LANE: control(16),
  LANE_OPEN: control(17),
  SECTION: control(18),
} as const satisfies Record<MessageType, FrameType>;

const BY_CODE = new Map<number, MessageType>(
  Object.entries(FRAME_TYPES).map(([name, { code }]) => [code, name as MessageType]),
);

export function messageTypeOf(code: number): MessageType | undefined {
  return BY_CODE.get(code);
}
