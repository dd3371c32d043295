/**
 * How changes of this server's disks are found: tracked, where the kernel shows them; else by scanning, which
 * always works and offers less. Which it is, why, and what limits it is told wherever replication is shown.
 */
import { machine, release } from 'node:os';
import {
  type CaptureStats,
  type EpochSource,
  kernelWarnings,
  openCapture,
  openScan,
  removeSafetyNet,
  type ScanFreezing,
  type ScanSource,
  SourceMeters,
  tracingRefusal,
} from '@landfall/capture';
import type { CaptureFacts } from '@landfall/model';
import { type Clock, describeError, type Logger, type OperationError } from '@landfall/runtime';
import type { KnownDisk } from './disk-mapping.ts';
import { openRestartSafety, type RestartSafety } from './linux-restart-safety.ts';
import type { JoiningDisks, SendingProgress, TrackingAccount } from './replicator.ts';
import type { SafetyPlace } from './safety-place.ts';

export interface OpenSourceOptions {
  readonly disks: readonly KnownDisk[];
  readonly joining?: JoiningDisks;
  readonly stateName: string;
  /** Scan although the disks could be tracked. */
  readonly scanMode: boolean;
  /** Default true; a scan leaves nothing out. */
  readonly skipFreeSpace?: boolean;
  /** How a scan makes cuts by freezing file systems. Absent: it does not. */
  readonly freezing?: ScanFreezing | undefined;
  /** Absent: nothing is kept for a restart. */
  readonly safetyPlace?: SafetyPlace;
  readonly logger: Logger;
  readonly clock: Clock;
}

export interface OpenedSource {
  readonly source: EpochSource;
  /** Only where changes are tracked: what a scan costs is not measured. */
  readonly meters?: SourceMeters;
  /** Only where changes are tracked, and a place is given. */
  readonly safety?: RestartSafety;
  capture(sending?: SendingProgress): CaptureFacts;
  account?(): TrackingAccount;
  /** The sender has ended. */
  close(): Promise<void>;
}

export const SCAN_WARNING =
  'recovery points of a scan are no cuts unless nothing was written meanwhile: ' +
  'file systems may need repair after a launch, and data may be torn';
/** No hiccup any more: a cut is due ten times a second, on an idle server twice. */
const LAG_STARVED_MS = 10_000;
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
  const { disks, joining, stateName, skipFreeSpace = true, safetyPlace: place, logger, clock } = options;
  const meters = new SourceMeters();
  const engine = await openCapture({
    ...{ meters, stateName, skipFreeSpace, logger, clock },
    devices: disks.map((disk) => disk.deviceName),
    diskIds: disks.map((disk) => disk.diskId),
    joiningDiskIds: joining?.diskIds ?? [],
    onJoined: (diskIds) => joining?.onJoined(diskIds),
  });
  let safety: RestartSafety | undefined;
  try {
    await engine.start();
    safety = place === undefined ? undefined : await openRestartSafety({ engine, place, logger, clock });
  } catch (error) {
    await engine.stop();
    throw error;
  }
  return {
    ...{ source: engine, meters },
    ...(safety === undefined ? {} : { safety, account: () => safety.account() }),
    capture: (sending) => trackingFacts(engine.stats(), disks, sending),
    close: async () => {
      await safety?.close();
      await engine.stop();
    },
  };
}

/** `sending`: absent while nothing is sent. */
export function trackingFacts(
  stats: Pick<CaptureStats, 'passthroughDisks' | 'lastCutTimeMs' | 'whyNoCut'>,
  disks: readonly KnownDisk[],
  sending?: SendingProgress,
): CaptureFacts {
  const passthrough = stats.passthroughDisks.flatMap((index) => disks[index] ?? []);
  const starved = starvedWarning(stats, sending);
  const warnings = [...trackingWarnings(), ...passthrough.map(passthroughWarning), ...starved];
  return { mode: 'TRACKING', warnings };
}

/** A starved server looks healthy: it is connected, and little is left to send. */
function starvedWarning(
  { lastCutTimeMs, whyNoCut }: Pick<CaptureStats, 'lastCutTimeMs' | 'whyNoCut'>,
  sending: SendingProgress | undefined,
): readonly string[] {
  if (sending?.state !== 'CONTINUOUS' || sending.lagMs === null || sending.lagMs <= LAG_STARVED_MS) return [];
  if (lastCutTimeMs === undefined || whyNoCut === undefined) return [];
  return [`no cut since ${new Date(lastCutTimeMs).toISOString()}: ${whyNoCut}`];
}

async function openScanning(options: OpenSourceOptions, reason: string): Promise<OpenedSource> {
  const { disks, clock, logger, joining, freezing: freeze } = options;
  await leaveSafetyNet(options);
  const devices = disks.map((disk) => disk.deviceName);
  const diskIds = disks.map((disk) => disk.diskId);
  const scan = await openScan({ devices, diskIds, clock, ...(freeze === undefined ? {} : { freeze }) });
  // A pass is over all disks: an added one is a member at once.
  joining?.onJoined(joining.diskIds);
  logger.warn('scan-mode', { reason });
  return { source: scan, capture: () => scanFacts(scan, reason), close: () => scan.stop() };
}

/** Of a time when the disks were tracked: nobody keeps its checkpoint up. Without it nothing is resumed. */
async function leaveSafetyNet({ safetyPlace, logger, clock }: OpenSourceOptions): Promise<void> {
  if (safetyPlace === undefined) return;
  try {
    await removeSafetyNet({ ...safetyPlace, clock });
  } catch (error) {
    // Somebody reads one of its traces: that costs memory, and is no reason not to scan.
    logger.warn('safety-net-not-removed', { error });
  }
}

function scanFacts(scan: ScanSource, reason: string): CaptureFacts {
  const { lastPassDurationMs, freeze } = scan.stats();
  const failure = freeze?.failure === undefined ? [] : [`no cut by freezing file systems: ${freeze.failure}`];
  return {
    ...{ mode: 'SCAN', reason, warnings: [SCAN_WARNING, ...failure] },
    ...(lastPassDurationMs === undefined ? {} : { passDurationMs: lastPassDurationMs }),
  };
}

function passthroughWarning({ diskId, deviceName }: KnownDisk): string {
  return (
    `${diskId} (${deviceName}) gets commands past the block layer (SG_IO or NVMe ioctl): what they write is not ` +
    'tracked; after such writes let everything be compared by restarting the agent'
  );
}
