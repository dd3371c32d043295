/**
 * The replicator of this server: real disks, the kernel's tracing, and a TLS connection to the replication
 * server.
 */
import {
  type CaptureEngine,
  IMPACT_BUDGET_PERCENT_DEFAULT,
  openCapture,
  openSafetyNet,
  removeSafetyNet,
  type SafetyNet,
  type SafetyPosition,
  type SafetyRecovery,
  SourceMeters,
} from '@landfall/capture';
import type { Identity } from '@landfall/channel';
import { capAt } from '@landfall/model';
import { createSender, type SenderStatus } from '@landfall/replication';
import { type Clock, type Dial, formatBytes, type Logger } from '@landfall/runtime';
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
import { safetyPlaceOf } from './safety-place.ts';
import { VERSION } from './version.ts';

export interface SourceReplicatorOptions {
  readonly programId: string;
  /** What new connections show: it is renewed while we run. */
  readonly identity: () => Identity;
  readonly dial: Dial;
  readonly disks: readonly KnownDisk[];
  /** Default true. */
  readonly skipFreeSpace?: boolean;
  readonly runtimeFolder: string;
  readonly logger: Logger;
  readonly clock: Clock;
}

interface SourceTracking extends Tracking {
  readonly engine: CaptureEngine;
  readonly meters: SourceMeters;
  readonly net: SafetyNet;
  /** What an earlier process knew, for the first sender only: nothing was taken from the engine before. */
  takePrevious(): SafetyPosition | undefined;
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
    endTracking: () => removeSafetyNet(safetyPlace(options)),
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
    return { ...(await withSafetyNet(options, engine)), meters };
  } catch (error) {
    await engine.stop();
    throw error;
  }
}

async function withSafetyNet(
  options: SourceReplicatorOptions,
  engine: CaptureEngine,
): Promise<Omit<SourceTracking, 'meters'>> {
  const { logger, clock } = options;
  const net = openSafetyNet({ engine, ...safetyPlace(options), logger, clock });
  const recovery = await net.recover();
  const generation = engine.generation;
  let previous = recovery.kind === 'RESUME' ? recovery.position : undefined;
  if (previous !== undefined) {
    const position = previous;
    net.attach(() => (engine.generation === generation ? { ...position, taken: [] } : undefined));
  }
  return {
    engine,
    net,
    takePrevious: () => {
      const taken = engine.generation === generation ? previous : undefined;
      previous = undefined;
      return taken;
    },
    // A disk that cannot be read shows in the sender's status, and the sender keeps trying.
    failure: () => undefined,
    account: () => ({ start: describeRecovery(recovery), restart: describeSafety(net) }),
    close: async () => {
      await net.close();
      await engine.stop();
    },
  };
}

function safetyPlace({ programId, runtimeFolder }: SourceReplicatorOptions) {
  return safetyPlaceOf(programId, runtimeFolder);
}

function describeRecovery(recovery: SafetyRecovery): string {
  if (recovery.kind === 'COMPARE') return `comparison: ${recovery.reason}`;
  return `resumed without comparison: ${formatBytes(recovery.changedBytes)} changed while the agent was away`;
}

function describeSafety({ whyUnsafe }: SafetyNet): string {
  return whyUnsafe === undefined ? 'needs no comparison' : `would need a comparison: ${whyUnsafe}`;
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
  const { meters } = tracking;
  const previous = tracking.takePrevious();
  const sender = createSender({
    source: tracking.engine,
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
    ...(previous === undefined ? {} : { previous }),
  });
  const limitImpact = ({ impactBudgetPercent = IMPACT_BUDGET_PERCENT_DEFAULT }: SendingSettings) =>
    meters.setImpactBudget(impactBudgetPercent);
  limitImpact(settings);
  const stop = new AbortController();
  let failure: unknown;
  const finished = sender.run(stop.signal).catch((error: unknown) => {
    failure = error;
  });
  tracking.net.attach(() => (failure === undefined ? sender.debt() : undefined));
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
