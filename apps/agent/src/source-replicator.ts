/**
 * The replicator of this server: real disks, the kernel's tracing or a scan, and a TLS connection to the
 * replication server.
 */
import { IMPACT_BUDGET_PERCENT_DEFAULT, removeSafetyNet, type SourceMeters } from '@landfall/capture';
import type { Identity } from '@landfall/channel';
import { capAt } from '@landfall/model';
import { createSender, type SenderStatus } from '@landfall/replication';
import { type Clock, type Dial, type Logger, threadedSha256 } from '@landfall/runtime';
import { connectTls } from '@landfall/wire';
import type { KnownDisk } from './disk-mapping.ts';
import type { DiskDetection } from './disk-watch.ts';
import type { Installation } from './file-installation.ts';
import type { HeldOutput } from './held-output.ts';
import { areInPlace, findKnownDisks } from './linux-disks.ts';
import { freezingOf } from './linux-freezing.ts';
import { type OpenedSource, openSource } from './linux-source.ts';
import type { ReplicationFacts } from './replication-report.ts';
import {
  type JoiningDisks,
  type ReplicationServerAddress,
  Replicator,
  type Sending,
  type SendingSettings,
  type Tracking,
} from './replicator.ts';
import { safetyPlaceOf } from './safety-place.ts';
import { VERSION } from './version.ts';

export interface SourceReplicatorOptions {
  readonly programId: string;
  /** What new connections show: it is renewed while we run. */
  readonly identity: () => Identity;
  readonly dial: Dial;
  readonly disks: readonly KnownDisk[];
  readonly detection: DiskDetection;
  readonly nextDiskNumber?: number;
  /** Scan although the disks could be tracked. */
  readonly scanMode: boolean;
  /** Default true. */
  readonly skipFreeSpace?: boolean;
  /** Where disks are scanned. */
  readonly freeze?: Installation['freeze'];
  /** Keeps the log back while something is frozen. */
  readonly output: HeldOutput;
  /** Connections replication may use. Default: STREAMS_DEFAULT. */
  readonly streams?: number;
  readonly runtimeFolder: string;
  saveDisks(disks: readonly KnownDisk[]): Promise<void>;
  readonly logger: Logger;
  readonly clock: Clock;
}

type SourceTracking = Tracking & OpenedSource;

export type SourceReplicator = Replicator<SourceTracking>;

/**
 * Measured: seven times the speed of one connection at 50 ms and 0.1 % loss, 6 % less where one fills the
 * link (docs/benchmarks.md).
 */
export const STREAMS_DEFAULT = 4;
const CONNECT_TIMEOUT_MS = 10_000;
const BITS_IN_MEGABIT = 1_000_000;

export function createSourceReplicator(options: SourceReplicatorOptions): SourceReplicator {
  // A scan nobody asked for may end with the next boot: what only a scan can take does not join by itself.
  const purpose = options.scanMode ? 'scan' : 'track';
  return new Replicator<SourceTracking>({
    ...options,
    findDisks: async (known, thorough) => {
      if (!thorough && areInPlace(known)) return known;
      return findKnownDisks(
        known.map((disk) => disk.deviceName),
        purpose,
      );
    },
    openTracking: (disks, joining) => startTracking(options, disks, joining),
    openSending: async (tracking, server, settings) => startSending(options, tracking, server, settings),
    endTracking: () => removeSafetyNet(safetyPlaceOf(options.programId, options.runtimeFolder)),
  });
}

async function startTracking(
  options: SourceReplicatorOptions,
  disks: readonly KnownDisk[],
  joining: JoiningDisks,
): Promise<SourceTracking> {
  const { programId: stateName, runtimeFolder } = options;
  const safetyPlace = safetyPlaceOf(stateName, runtimeFolder);
  const freezing = freezingOf(options);
  const opened = await openSource({ ...options, disks, joining, stateName, safetyPlace, freezing });
  // A disk that cannot be read shows in the sender's status, and the sender keeps trying.
  return { ...opened, failure: () => undefined };
}

function startSending(
  options: SourceReplicatorOptions,
  tracking: SourceTracking,
  server: ReplicationServerAddress,
  settings: SendingSettings,
): Sending {
  const { identity, dial, logger, clock } = options;
  const credentials = () => {
    const { caPem: ca, certificatePem: cert, keyPem: key } = identity();
    return { ca, cert, key };
  };
  const { host, port, replicationServerId: serverName } = server;
  const { source, meters, safety } = tracking;
  const previous = safety?.takePrevious();
  const sender = createSender({
    source,
    connect: (signal) => {
      const way = { host, port, serverName, timeoutMs: CONNECT_TIMEOUT_MS, signal, dial };
      return connectTls({ ...way, ...credentials() });
    },
    sourceServerId: options.programId,
    agentVersion: VERSION,
    streams: options.streams ?? STREAMS_DEFAULT,
    logger,
    clock,
    epochIntervalMs: settings.epochIntervalMs,
    bandwidth: bytesPerSecond(settings, clock.nowMs()),
    sha256: threadedSha256,
    ...(meters === undefined ? {} : { churn: () => meters.churn() }),
    ...(previous === undefined ? {} : { previous }),
  });
  const limitImpact = ({ impactBudgetPercent = IMPACT_BUDGET_PERCENT_DEFAULT }: SendingSettings) =>
    meters?.setImpactBudget(impactBudgetPercent);
  limitImpact(settings);
  const stop = new AbortController();
  let failure: unknown;
  const finished = sender.run(stop.signal).catch((error: unknown) => {
    failure = error;
  });
  safety?.attach(() => (failure === undefined ? sender.debt() : undefined));
  return {
    facts: () => ({ ...factsOf(sender.status()), ...impactOf(meters) }),
    takeRecoveryPoint: () => sender.takeRecoveryPoint(),
    // Called every second, which is how a schedule takes effect.
    configure: (wanted) => {
      sender.setBandwidth(bytesPerSecond(wanted, clock.nowMs()));
      limitImpact(wanted);
      sender.setEpochInterval(wanted.epochIntervalMs);
      sender.setProof(wanted.proof);
      if (wanted.paused) sender.pause();
      else sender.resume();
    },
    failure: () => failure,
    close: async () => {
      stop.abort();
      await finished;
    },
  };
}

function bytesPerSecond(settings: SendingSettings, nowMs: number): number {
  const { bandwidthSchedule, bandwidthThrottlingMbps } = settings;
  const mbps = capAt(bandwidthSchedule, nowMs, bandwidthThrottlingMbps);
  return Math.round((mbps * BITS_IN_MEGABIT) / 8);
}

function impactOf(meters: SourceMeters | undefined): Pick<ReplicationFacts, 'impact'> {
  const impact = meters?.impact();
  if (impact === undefined) return {};
  return { impact: { ...impact, increasePercent: impact.increasePercent ?? null } };
}

function factsOf({ error, journalId: _ours, ...status }: SenderStatus): ReplicationFacts {
  if (error === undefined) return status;
  return { ...status, error: { error: error.error, rawError: error.rawError } };
}
