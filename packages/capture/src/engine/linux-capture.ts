/** Puts the engine together over the real kernel. */
import { type Clock, type Logger, OperationError, systemClock } from '@landfall/runtime';
import { openDirectReader } from '../disks/linux-direct-reader.ts';
import { diskAt } from '../disks/linux-disks.ts';
import { createLinuxFreeSpace } from '../free-space/linux-free-space.ts';
import { createLinuxTraceSource } from '../tracing/linux-trace-source.ts';
import { ensureTracefs } from '../tracing/linux-tracefs.ts';
import { CaptureEngine } from './capture-engine.ts';
import { IDLE_CUT_INTERVAL_MS } from './cut-pace.ts';
import { SourceMeters } from './source-meters.ts';

export interface OpenCaptureOptions {
  /** Paths of whole disks; their order gives the disk indexes. */
  readonly devices: readonly string[];
  /** In the order of `devices`; default `disk-0`, `disk-1` … */
  readonly diskIds?: readonly string[];
  /** Of those, the ids of disks that are only now added; see `EpochSource.joiningDisks`. */
  readonly joiningDiskIds?: readonly string[];
  /** Names this agent's trace instance: lower-case letters, digits, dashes. */
  readonly stateName: string;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly epochWindowBytes?: number;
  readonly cutIntervalMs?: number;
  /** Default IDLE_CUT_INTERVAL_MS. */
  readonly idleCutIntervalMs?: number;
  readonly readsInFlightMax?: number;
  readonly bufferKibPerCpu?: number;
  /** Leaves out what the file systems do not use, where that is proved. Default true. */
  readonly skipFreeSpace?: boolean;
  readonly onDoubt?: (reason: string) => void;
  readonly onJoined?: (diskIds: readonly string[]) => void;
  /** Told of everything the trace shows; keeps bulk reads within its impact budget. */
  readonly meters?: SourceMeters;
}

/**
 * Errors: DISK_NOT_FOUND, DISK_NOT_TRACKABLE, DISK_UNREADABLE, TRACEFS_UNAVAILABLE, LOCKDOWN_CONFIDENTIALITY,
 * TRACE_FORMAT_UNKNOWN (from `start`).
 */
export async function openCapture(options: OpenCaptureOptions): Promise<CaptureEngine> {
  const { devices, stateName, logger, clock = systemClock, readsInFlightMax, bufferKibPerCpu } = options;
  if (!/^[a-z0-9-]{1,100}$/.test(stateName) || devices.length === 0) {
    throw new OperationError('OPTION_INVALID', 'capture needs at least one disk and a plain state name', {
      hint: 'name at least one disk; state names have lower-case letters, digits and dashes only',
    });
  }
  const linuxDisks = devices.map((device) => diskAt(device));
  await ensureTracefs();
  const baseNs = clock.monotonicNs();
  const reader = await openDirectReader(linuxDisks, readsInFlightMax);
  const trace = createLinuxTraceSource({
    stateName,
    disks: linuxDisks,
    clock,
    baseNs,
    logger,
    ...(bufferKibPerCpu === undefined ? {} : { bufferKibPerCpu }),
  });
  const disks = linuxDisks.map(({ deviceName, sizeBytes }, index) => ({
    diskId: options.diskIds?.[index] ?? `disk-${index}`,
    deviceName,
    sizeBytes,
    isJoining: options.joiningDiskIds?.includes(options.diskIds?.[index] ?? `disk-${index}`) === true,
  }));
  const meters = options.meters ?? new SourceMeters();
  const sizesBytes = disks.map(({ sizeBytes }) => sizeBytes);
  const metered = meters.attach({ sizesBytes, trace, reader, clock, baseNs });
  const skips = options.skipFreeSpace ?? true;
  const freeSpace = skips ? { freeSpace: createLinuxFreeSpace(linuxDisks, clock) } : {};
  const idleCutIntervalMs = options.idleCutIntervalMs ?? IDLE_CUT_INTERVAL_MS;
  const more = { ...freeSpace, idleCutIntervalMs };
  return new CaptureEngine({ ...options, ...more, disks, reader, clock, baseNs, ...metered });
}
