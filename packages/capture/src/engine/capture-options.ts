/** What an engine is made of. */
import type { Clock, Logger } from '@landfall/runtime';
import type { FreeSpaceSource } from '../free-space/free-space-source.ts';
import type { DiskReader, TraceSource } from '../tracing/trace-source.ts';

export interface CapturedDisk {
  readonly diskId: string;
  readonly deviceName: string;
  readonly sizeBytes: number;
  /** When capture begins; see `EpochSource.joiningDisks`. */
  readonly isJoining?: boolean;
}

export interface CaptureEngineOptions {
  readonly disks: readonly CapturedDisk[];
  readonly trace: TraceSource;
  readonly reader: DiskReader;
  /** Reads what no cut waits for; default: the reader, which it closes with itself. */
  readonly bulkReader?: DiskReader;
  /** Absent: nothing is left out. */
  readonly freeSpace?: FreeSpaceSource;
  readonly clock: Clock;
  /** Monotonic time all trace times count from. */
  readonly baseNs: bigint;
  readonly logger: Logger;
  /** More dirty than this and there is no cut, only bulk. Default 32 MiB. */
  readonly epochWindowBytes?: number;
  /** The least time between two cuts. Default 0: whoever asks for cuts knows how often. */
  readonly cutIntervalMs?: number;
  /** From a cut that holds nothing to the next one, while no event is seen. Default 0. */
  readonly idleCutIntervalMs?: number;
  /** Called after the engine lost sight and marked everything dirty. */
  readonly onDoubt?: (reason: string) => void;
  /** Called when disks that were joining have become part of cuts. */
  readonly onJoined?: (diskIds: readonly string[]) => void;
}
