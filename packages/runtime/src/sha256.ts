/** SHA-256 of much data: who hashes a few bytes calls `node:crypto` itself. */
import { hash, webcrypto } from 'node:crypto';

/** 32 bytes. `bytes` must not change until it has resolved. */
export type Sha256 = (bytes: Buffer) => Promise<Buffer>;

export const inlineSha256: Sha256 = async (bytes) => hash('sha256', bytes, 'buffer');

/** In libuv's threads: several under way at once use several processor cores. */
export const threadedSha256: Sha256 = async (bytes) =>
  // No memory of ours is shared between threads.
  Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes as Buffer<ArrayBuffer>));
