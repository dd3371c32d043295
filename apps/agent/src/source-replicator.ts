/**
 * The replicator of this server: real disks, the kernel's tracing, and a TLS connection to the replication
 * server.
 */
import {
  type CaptureEngine,
  IMPACT_BUDGET_PERCENT_DEFAULT,
  openCapture,
  SourceMeters,
} from '@landfall/capture';
import type { Identity } from '@landfall/channel';
import { capAt } from '@landfall/model';
import { createSender, type SenderStatus } from '@landfall/replication';
import type { Clock, Dial, Logger } from '@landfall/runtime';
import { connectTls } from '@landfall/wire';
import type { KnownDisk } from './disk-mapping.ts';
import { areInPlace, findKnownDisks } from './linux-disks.ts';
import type { ReplicationFacts } from './replication-report.ts';
import {
  type ReplicationServerAddress,
  Replicator,
  type Sending,
  type SendingSettings,
  type Tracking,
} from './replicator.ts';
import { VERSION } from './version.ts';

export interface SourceReplicatorOptions {
  readonly programId: string;
  /** What new connections show: it is renewed while we run. */
  readonly identity: () => Identity;
  readonly dial: Dial;
  readonly disks: readonly KnownDisk[];
  /** Default true. */
  readonly skipFreeSpace?: boolean;
  readonly logger: Logger;
  readonly clock: Clock;
}

interface SourceTracking extends Tracking {
  readonly engine: CaptureEngine;
  readonly meters: SourceMeters;
}

export type SourceReplicator = Replicator<SourceTracking>;

const CONNECT_TIMEOUT_MS = 10_000;
const BITS_IN_MEGABIT = 1_000_000;

export function createSourceReplicator(options: SourceReplicatorOptions): SourceReplicator {
  return new Replicator<SourceTracking>({
    disks: options.disks,
    logger: options.logger,
    clock: options.clock,
    findDisks: async (known) =>
      areInPlace(known) ? known : findKnownDisks(known.map((disk) => disk.deviceName)),
    openTracking: (disks) => startTracking(options, disks),
    openSending: async (tracking, server, settings) => startSending(options, tracking, server, settings),
  });
}

async function startTracking(
  options: SourceReplicatorOptions,
  disks: readonly KnownDisk[],
): Promise<SourceTracking> {
  const meters = new SourceMeters();
  const engine = await openCapture({
    meters,
    devices: disks.map((disk) => disk.deviceName),
    diskIds: disks.map((disk) => disk.diskId),
    stateName: options.programId,
    skipFreeSpace: options.skipFreeSpace ?? true,
    logger: options.logger,
    clock: options.clock,
  });
  try {
    await engine.start();
  } catch (error) {
    await engine.stop();
    throw error;
  }
  // A disk that cannot be read shows in the sender's status, and the sender keeps trying.
  return { engine, meters, failure: () => undefined, close: () => engine.stop() };
}

function startSending(
  options: SourceReplicatorOptions,
  { engine: source, meters }: SourceTracking,
  server: ReplicationServerAddress,
  settings: SendingSettings,
): Sending {
  const { identity, dial, logger, clock } = options;
  const credentials = () => {
    const { caPem: ca, certificatePem: cert, keyPem: key } = identity();
    return { ca, cert, key };
  };
  const { host, port, replicationServerId: serverName } = server;
  const sender = createSender({
    source,
    connect: (signal) => {
      const way = { host, port, serverName, timeoutMs: CONNECT_TIMEOUT_MS, signal, dial };
      return connectTls({ ...way, ...credentials() });
    },
    sourceServerId: options.programId,
    agentVersion: VERSION,
    logger,
    clock,
    epochIntervalMs: settings.epochIntervalMs,
    bandwidth: bytesPerSecond(settings, clock.nowMs()),
    churn: () => meters.churn(),
  });
  const limitImpact = ({ impactBudgetPercent = IMPACT_BUDGET_PERCENT_DEFAULT }: SendingSettings) =>
    meters.setImpactBudget(impactBudgetPercent);
  limitImpact(settings);
  const stop = new AbortController();
  let failure: unknown;
  const finished = sender.run(stop.signal).catch((error: unknown) => {
    failure = error;
  });
  return {
    facts: () => ({ ...factsOf(sender.status()), ...impactOf(meters) }),
    takeRecoveryPoint: () => sender.takeRecoveryPoint(),
    // Called every second, which is how a schedule takes effect.
    configure: (wanted) => {
      sender.setBandwidth(bytesPerSecond(wanted, clock.nowMs()));
      limitImpact(wanted);
      sender.setEpochInterval(wanted.epochIntervalMs);
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

function impactOf(meters: SourceMeters): Pick<ReplicationFacts, 'impact'> {
  const impact = meters.impact();
  if (impact === undefined) return {};
  return { impact: { ...impact, increasePercent: impact.increasePercent ?? null } };
}

function factsOf({ error, journalId: _ours, ...status }: SenderStatus): ReplicationFacts {
  if (error === undefined) return status;
  return { ...status, error: { error: error.error, rawError: error.rawError } };
}
