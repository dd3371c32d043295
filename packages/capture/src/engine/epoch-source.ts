/**
 * Where a sender takes changes from: the capture engine of one server, all its disks together.
 * `packages/capture` is the real one. The engine keeps a dirty map: what may differ from the replica. Blocks
 * leave it when they are taken and come back by new writes or by `markDirty`.
 */
import type { Extent } from '@landfall/block';
import type { Consistency } from '@landfall/model';

export interface ForgetFreeOptions {
  /**
   * By disk, a power of two from 4 KiB to 128 MiB: only whole units of this size are left out, counted from
   * the beginning of the disk.
   */
  readonly alignmentsBytes: readonly number[];
  readonly signal: AbortSignal;
}

export interface CapturedExtent extends Extent {
  readonly diskIndex: number;
  /** The bytes; absent when the whole extent is zero. */
  readonly content?: Buffer;
  /**
   * Says, at most once, that `content` is used no more, by whoever had the extent last; it is overwritten
   * then. Not saying it costs speed only.
   */
  readonly release?: () => void;
}

export interface Cut {
  readonly cutMonotonicNs: bigint;
  readonly cutTimeMs: number;
  /** Absent: CRASH_CONSISTENT, as every cut is. A scan that was written into has none to offer. */
  readonly consistency?: Consistency;
  /** Every block that changed since the last cut (or bulk take), in its version at the cut. May be empty. */
  readonly extents: readonly CapturedExtent[];
}

/** Chunks of 1 MiB that are read beside everything else; see chunk-watch.ts. */
export interface ChunkWatch {
  /**
   * Notes from now on whether these chunks are touched, and forgets that they were. The instant
   * (CLOCK_MONOTONIC) after which a quiet one has changed no more.
   */
  begin(diskIndex: number, firstChunk: number, count: number): bigint;
  /** Past every cache. Errors: DISK_UNREADABLE. */
  read(diskIndex: number, chunk: number): Promise<Buffer>;
  /** Resolves when everything that happened before this call is noted. */
  settle(signal: AbortSignal): Promise<void>;
  /** From the last `begin` until the last `settle` the chunk held the same bytes (W1). */
  wasQuiet(diskIndex: number, chunk: number): boolean;
  /**
   * Not quiet only because of requests from before the last `begin` that have not ended: waiting may help.
   */
  isWaiting(diskIndex: number, chunk: number): boolean;
  /** The replica may lack blocks of it because they were left out as free. */
  mayLackFree(diskIndex: number, chunk: number): boolean;
  /** The replica has every byte of it: nothing of it is left out any more. */
  foundEqual(diskIndex: number, chunk: number): void;
  /** Chunks touched since their last `begin`. */
  touchedCount(diskIndex: number): number;
  end(): void;
}

export interface EpochSource {
  readonly disks: readonly {
    readonly diskId: string;
    readonly deviceName: string;
    readonly sizeBytes: number;
  }[];
  /** Bytes that may differ from the replica, per disk. */
  dirtyBytes(diskIndex: number): number;
  markDirty(diskIndex: number, extent: Extent): void;
  /**
   * Bulk: reads up to `bytesMax` of dirty blocks, lowest offsets first, in extents of at most 1 MiB that do
   * not cross a 1 MiB boundary, and takes them off the map. A block written meanwhile is dirty again
   * afterwards; no cut is implied.
   */
  takeBulk(bytesMax: number): Promise<readonly CapturedExtent[]>;
  /**
   * The next instant all disks are consistent at, with everything dirty in its version of that instant
   * (C1–C4). `undefined` when there is none within `waitMs` (writes too fast, or the map larger than fits):
   * take bulk and ask again.
   */
  nextCut(options: { readonly waitMs: number; readonly signal: AbortSignal }): Promise<Cut | undefined>;
  /**
   * Takes off the map what no recovery point of after this call needs, because the file systems do not use it
   * (free-space-search.ts). May run beside all other calls; ends early when `generation` rises. Absent, or
   * without effect: everything is replicated.
   */
  forgetFree?(options: ForgetFreeOptions): Promise<void>;
  /** Absent, or without an answer, where changes are not tracked. */
  watchChunks?(): ChunkWatch | undefined;
  /**
   * Rises whenever the engine lost sight of changes (C5) and has marked all disks dirty by itself. No cut
   * taken under an older generation may be committed once this has changed.
   */
  readonly generation: number;
  /**
   * Disks that are copied in bulk and are not part of cuts, so that the first copy of a disk that was added
   * keeps nobody waiting; absent: none.
   */
  readonly joiningDisks?: readonly number[];
  /** From now on cuts are of all disks. */
  finishJoining?(): void;
}
