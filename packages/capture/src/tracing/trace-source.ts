/** Where the engine gets block events from, and how it reads disks. `linux-*` files hold the real ones. */
import type { BlockEvent } from './block-event.ts';
import type { IdleSighting } from './timeline.ts';

export interface TraceDrain {
  readonly events: readonly BlockEvent[];
  /**
   * Every event committed before this instant is in this drain or an earlier one (the barrier of
   * kernel-tracing.md, 23); `undefined` when some are still hidden behind an unfinished one.
   */
  readonly completeThroughNs: number | undefined;
  /**
   * Disks on which the kernel's own statistics showed no write in flight; looked at often after start, then
   * seldom.
   */
  readonly idle: readonly IdleSighting[];
  /** Why what was seen cannot be trusted any more (C5): the engine starts anew. */
  readonly doubt: string | undefined;
}

export type WantsRead = (diskIndex: number, sector: number, sectorCount: number) => boolean;

/** Times are nanoseconds since the base given at its creation. */
export interface TraceSource {
  /** Begins to track. Errors: OperationError when the kernel does not let it. */
  start(): void;
  /** `wantsRead` tells our own reads from the others, which are dropped. */
  drain(wantsRead: WantsRead): TraceDrain;
  /** Ends tracking and leaves nothing behind. */
  stop(): void;
  readonly counts: TraceCounts;
}

export interface TraceCounts {
  readonly events: number;
  readonly lost: number;
  /** Commands of unknown range on tracked disks: what they wrote, if anything, is not tracked. */
  readonly passthrough: number;
  /** Indexes of the disks these were for; absent: none. */
  readonly passthroughDisks?: readonly number[];
}

export interface DiskReader {
  /** Requests that may be under way at once. */
  readonly readsInFlightMax: number;
  /**
   * Reads past every cache. `use` runs in the moment the read is finished and gets bytes that are valid only
   * until it returns, unless it keeps them. Errors: DISK_UNREADABLE.
   */
  read<Result>(range: DiskRange, use: UseBytes<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** `keep`: the bytes are the caller's until it calls what `keep` answers. A reader need not offer it. */
export type UseBytes<Result> = (bytes: Buffer, keep?: () => () => void) => Result;

export interface DiskRange {
  readonly diskIndex: number;
  readonly offsetBytes: number;
  /** At most 1 MiB. */
  readonly lengthBytes: number;
}
