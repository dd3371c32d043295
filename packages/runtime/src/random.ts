import { randomBytes, randomUUID } from 'node:crypto';

/** Random numbers, behind a type, so that a failing test replays from its seed. */
export interface Random {
  bytes(length: number): Buffer;
  /** A whole number in [0, limit). */
  integer(limit: number): number;
  uuid(): string;
}

export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  integer: (limit) => Math.floor((randomBytes(6).readUIntBE(0, 6) / 2 ** 48) * limit),
  uuid: () => randomUUID(),
};

/** mulberry32: small, fast, good enough for tests; never for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const bytes = (length: number) => Buffer.from(Array.from({ length }, () => Math.floor(next() * 256)));
  return {
    bytes,
    integer: (limit) => Math.floor(next() * limit),
    uuid: () => {
      const hex = bytes(16).toString('hex');
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
    },
  };
}

const ALPHANUMERIC = '0123456789abcdefghijklmnopqrstuvwxyz';

/**
 * An identifier in the public API's form: `s-` + 17 lower-case alphanumerics. Source: MGN model,
 * SourceServerID.
 */
export function publicId(prefix: string, random: Random = systemRandom): string {
  return prefix + Array.from({ length: 17 }, () => ALPHANUMERIC[random.integer(36)]).join('');
}
