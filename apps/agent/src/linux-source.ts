/**
 * How changes of this server's disks are found: tracked, where the kernel shows them; else by scanning, which
 * always works and offers less. Which it is, why, and what limits it is told wherever replication is shown.
 */
import { machine, release } from 'node:os';
import {
  type CaptureEngine,
  type EpochSource,
  kernelWarnings,
  openCapture,
  openScan,
  type ScanSource,
  tracingRefusal,
} from '@landfall/capture';
import type { CaptureFacts } from '@landfall/model';
import { type Clock, describeError, type Logger, type OperationError } from '@landfall/runtime';
import type { KnownDisk } from './disk-mapping.ts';
import type { JoiningDisks } from './replicator.ts';

export interface OpenSourceOptions {
  readonly disks: readonly KnownDisk[];
  readonly joining?: JoiningDisks;
  readonly stateName: string;
  /** Scan although the disks could be tracked. */
  readonly scanMode: boolean;
  readonly logger: Logger;
  readonly clock: Clock;
}

export interface OpenedSource {
  readonly source: EpochSource;
  capture(): CaptureFacts;
  close(): Promise<void>;
}

export const SCAN_WARNING =
  'recovery points of a scan are no cuts unless nothing was written meanwhile: ' +
  'file systems may need repair after a launch, and data may be torn';
const ASKED_FOR = 'it was asked for at the installation (--scan-mode)';

/** Errors: those of `openCapture` or `openScan`. */
export async function openSource(options: OpenSourceOptions): Promise<OpenedSource> {
  const reason = await whyScan(options.scanMode);
  return reason === undefined ? openTracking(options) : openScanning(options, reason);
}

/** `undefined`: the disks are tracked. */
export async function whyScan(scanMode: boolean, refusal = tracingRefusal): Promise<string | undefined> {
  if (scanMode) return ASKED_FOR;
  const why: OperationError | undefined = await refusal();
  return why === undefined ? undefined : describeError(why);
}

export function trackingWarnings(): readonly string[] {
  return kernelWarnings({ release: release(), machine: machine() });
}

async function openTracking(options: OpenSourceOptions): Promise<OpenedSource> {
  const { disks, joining, stateName, logger, clock } = options;
  const devices = disks.map((disk) => disk.deviceName);
  const diskIds = disks.map((disk) => disk.diskId);
  const joiningDiskIds = joining?.diskIds ?? [];
  const engine = await openCapture({ devices, diskIds, joiningDiskIds, stateName, logger, clock });
  try {
    await engine.start();
  } catch (error) {
    await engine.stop();
    throw error;
  }
  const known = trackingWarnings();
  return {
    source: joining === undefined ? engine : tellingJoined(engine, joining),
    capture: () => {
      const passthrough = engine.stats().passthroughDisks.flatMap((index) => disks[index] ?? []);
      return { mode: 'TRACKING', warnings: [...known, ...passthrough.map(passthroughWarning)] };
    },
    close: () => engine.stop(),
  };
}

/** The engine, which also says when the first copy of added disks is complete. */
function tellingJoined(engine: CaptureEngine, { diskIds, onJoined }: JoiningDisks): EpochSource {
  return {
    disks: engine.disks,
    get generation() {
      return engine.generation;
    },
    get joiningDisks() {
      return engine.joiningDisks;
    },
    finishJoining: () => {
      engine.finishJoining();
      onJoined(diskIds);
    },
    dirtyBytes: (diskIndex) => engine.dirtyBytes(diskIndex),
    markDirty: (diskIndex, extent) => engine.markDirty(diskIndex, extent),
    takeBulk: (bytesMax) => engine.takeBulk(bytesMax),
    nextCut: (wait) => engine.nextCut(wait),
  };
}

async function openScanning(options: OpenSourceOptions, reason: string): Promise<OpenedSource> {
  const { disks, clock, logger, joining } = options;
  const devices = disks.map((disk) => disk.deviceName);
  const scan = await openScan({ devices, diskIds: disks.map((disk) => disk.diskId), clock });
  // A pass is over all disks: an added one is a member at once.
  joining?.onJoined(joining.diskIds);
  logger.warn('scan-mode', { reason });
  return { source: scan, capture: () => scanFacts(scan, reason), close: () => scan.stop() };
}

function scanFacts(scan: ScanSource, reason: string): CaptureFacts {
  const { lastPassDurationMs } = scan.stats();
  return {
    ...{ mode: 'SCAN', reason, warnings: [SCAN_WARNING] },
    ...(lastPassDurationMs === undefined ? {} : { passDurationMs: lastPassDurationMs }),
  };
}

function passthroughWarning({ diskId, deviceName }: KnownDisk): string {
  return (
    `${diskId} (${deviceName}) gets commands past the block layer (SG_IO or NVMe ioctl): what they write is not ` +
    'tracked; after such writes let everything be compared by restarting the agent'
  );
}
