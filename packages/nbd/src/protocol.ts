/**
 * Numbers of the NBD protocol, fixed newstyle. Source: the protocol's own document, `doc/proto.md` of the
 * NetworkBlockDevice project; the names are the document's without their `NBD_` prefix.
 */
export const GREETING_MAGIC = 0x4e42_444d_4147_4943n;
export const OPTION_MAGIC = 0x4948_4156_454f_5054n;
export const OPTION_REPLY_MAGIC = 0x0003_e889_0455_65a9n;
export const REQUEST_MAGIC = 0x2560_9513;
export const SIMPLE_REPLY_MAGIC = 0x6744_6698;
export const STRUCTURED_REPLY_MAGIC = 0x668e_33ef;

/** Both sides' handshake flags have the same two bits. */
export const HANDSHAKE_FLAG = { FIXED_NEWSTYLE: 1, NO_ZEROES: 2 } as const;

export const OPTION = {
  EXPORT_NAME: 1,
  ABORT: 2,
  LIST: 3,
  STARTTLS: 5,
  INFO: 6,
  GO: 7,
  STRUCTURED_REPLY: 8,
  LIST_META_CONTEXT: 9,
  SET_META_CONTEXT: 10,
} as const;

const ERROR_BIT = 2 ** 31;
export const REPLY = {
  ACK: 1,
  SERVER: 2,
  INFO: 3,
  META_CONTEXT: 4,
  ERR_UNSUP: ERROR_BIT + 1,
  ERR_INVALID: ERROR_BIT + 3,
  ERR_UNKNOWN: ERROR_BIT + 6,
} as const;

export function isErrorReply(type: number): boolean {
  return type >= ERROR_BIT;
}

export const INFO = { EXPORT: 0, NAME: 1, DESCRIPTION: 2, BLOCK_SIZE: 3 } as const;

export const TRANSMISSION_FLAG = {
  HAS_FLAGS: 1,
  READ_ONLY: 2,
  SEND_FLUSH: 4,
  SEND_FUA: 8,
  SEND_TRIM: 32,
  SEND_WRITE_ZEROES: 64,
  SEND_DF: 128,
  CAN_MULTI_CONN: 256,
  SEND_CACHE: 1024,
} as const;

export const COMMAND = {
  READ: 0,
  WRITE: 1,
  DISC: 2,
  FLUSH: 3,
  TRIM: 4,
  CACHE: 5,
  WRITE_ZEROES: 6,
  BLOCK_STATUS: 7,
} as const;

export const COMMAND_FLAG = { FUA: 1, NO_HOLE: 2, DF: 4, REQ_ONE: 8 } as const;

export const CHUNK = {
  NONE: 0,
  OFFSET_DATA: 1,
  OFFSET_HOLE: 2,
  BLOCK_STATUS: 5,
  ERROR: 2 ** 15 + 1,
  ERROR_OFFSET: 2 ** 15 + 2,
} as const;
export const CHUNK_FLAG_DONE = 1;

export function isErrorChunk(type: number): boolean {
  return type >= 2 ** 15;
}

/** The protocol's error numbers are these on every system. */
export const ERRNO = {
  EPERM: 1,
  EIO: 5,
  ENOMEM: 12,
  EINVAL: 22,
  ENOSPC: 28,
  EOVERFLOW: 75,
  ENOTSUP: 95,
  ESHUTDOWN: 108,
} as const;
export type ErrnoName = keyof typeof ERRNO;

export function errnoName(errno: number): string {
  return Object.entries(ERRNO).find(([, number]) => number === errno)?.[0] ?? `error ${errno}`;
}

export const BASE_ALLOCATION = 'base:allocation';
export const STATE = { HOLE: 1, ZERO: 2 } as const;

/** The longest string the protocol allows, and so the longest export name. */
export const STRING_BYTES_MAX = 4096;
/** The largest payload of a request or of a chunk; the protocol's recommended limit. */
export const PAYLOAD_BYTES_MAX = 32 * 1024 * 1024;
export const BLOCK_BYTES_MIN = 1;
export const BLOCK_BYTES_PREFERRED = 4096;
export const PORT_DEFAULT = 10_809;
