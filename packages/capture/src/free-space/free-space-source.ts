/** Who knows which parts of the disks nobody relies on. `free-space/linux-free-space.ts` is the real one. */
import type { Extent } from '@landfall/block';

/** A part of a disk with one owner: a file system, a swap area. */
export interface Volume {
  /** `/dev/vda1` */
  readonly name: string;
  readonly diskIndex: number;
  /** On its disk. */
  readonly extent: Extent;
  /** `ext4`, `swap` … */
  readonly kind: string;
  /**
   * Calls `found` for extents, in bytes of the volume, that were free when it was called or at some instant
   * since. Once this has resolved, a crash cannot bring anything back that had been in them. Errors:
   * NotProved when that cannot be said of the volume, and those of reading. Resolves to what is copied all
   * the same, for the log.
   */
  readFree(
    found: (offsetBytes: number, lengthBytes: number) => void,
    signal: AbortSignal,
  ): Promise<string | undefined>;
}

export interface FreeSpaceSource {
  volumes(): readonly Volume[];
}
