/**
 * Where a receiver puts what it receives: one store per source server, all its disks together. The journal
 * is the real one; tests use a memory one. At most one epoch is open at a time. Calls are made in
 * order, each awaited, but `commit`: a few epochs may be on their way to durability at once.
 */
import type { ExtentHeader } from '@landfall/block';
import type { EpochCommit } from '@landfall/model';

export interface EpochStore {
  /** UUID of this replica; a new one means that nothing is known of the disks. */
  readonly journalId: string;
  /** The newest durable epoch; 0 when there is none. */
  readonly lastEpoch: number;
  /** True while the disk has never been written: it reads as zeroes throughout. */
  isEmpty(diskIndex: number): boolean;
  /**
   * SHA-256 (32 bytes each) of `count` chunks of 1 MiB from `firstChunk`, of the newest state; the last may
   * be short. `fresh`: of bytes read and verified for this call, whatever hashes are remembered.
   */
  chunkHashes(diskIndex: number, firstChunk: number, count: number, fresh?: boolean): Promise<Buffer>;
  /**
   * Verifies the payload against its header; it may be written later, and a failure be told by the next call.
   * `release` says that the payload is used no more; after an error, or never, is fine too. Errors:
   * EXTENT_DAMAGED, and nothing of the extent is kept.
   */
  putExtent(header: ExtentHeader, payload: Buffer, release?: () => void): Promise<void>;
  putZeroes(diskIndex: number, offsetBytes: number, lengthBytes: number): Promise<void>;
  /** Closes the open epoch. Resolves when it is durable (J2); several commits may share one sync. */
  commit(commit: EpochCommit): Promise<void>;
  /**
   * Drops what was put since the last commit (J4): older recovery points are as if it had never been sent.
   */
  abandon(): Promise<void>;
}

export const RESCAN_CHUNK_BYTES = 1024 * 1024;
