/**
 * The replicator of this server: real disks, the kernel's tracing or a scan, and a TLS connection to the
 * replication server.
 */
import type { EpochSource } from '@landfall/capture';
import type { Identity } from '@landfall/channel';
import { createSender, type SenderStatus } from '@landfall/replication';
import type { Clock, Dial, Logger } from '@landfall/runtime';
import { connectTls } from '@landfall/wire';
import type { KnownDisk } from './disk-mapping.ts';
import type { DiskDetection } from './disk-watch.ts';
import { areInPlace, findKnownDisks } from './linux-disks.ts';
import { openSource } from './linux-source.ts';
import type { ReplicationFacts } from './replication-report.ts';
import {
  type JoiningDisks,
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
  readonly detection: DiskDetection;
  readonly nextDiskNumber?: number;
  /** Scan although the disks could be tracked. */
  readonly scanMode: boolean;
  saveDisks(disks: readonly KnownDisk[]): Promise<void>;
  readonly logger: Logger;
  readonly clock: Clock;
}

interface SourceTracking extends Tracking {
  readonly source: EpochSource;
}

export type SourceReplicator = Replicator<SourceTracking>;

const CONNECT_TIMEOUT_MS = 10_000;
const BITS_IN_MEGABIT = 1_000_000;

export function createSourceReplicator(options: SourceReplicatorOptions): SourceReplicator {
  return new Replicator<SourceTracking>({
    ...options,
    findDisks: async (known, thorough) =>
      !thorough && areInPlace(known) ? known : findKnownDisks(known.map((disk) => disk.deviceName)),
    openTracking: (disks, joining) => startTracking(options, disks, joining),
    openSending: async (tracking, server, settings) =>
      startSending(options, tracking.source, server, settings),
  });
}

async function startTracking(
  options: SourceReplicatorOptions,
  disks: readonly KnownDisk[],
  joining: JoiningDisks,
): Promise<SourceTracking> {
  const { programId: stateName, scanMode, logger, clock } = options;
  const opened = await openSource({ disks, joining, scanMode, stateName, logger, clock });
  // A disk that cannot be read shows in the sender's status, and the sender keeps trying.
  return { ...opened, failure: () => undefined };
}

function startSending(
  options: SourceReplicatorOptions,
  source: EpochSource,
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
    bandwidth: bytesPerSecond(settings),
  });
  const stop = new AbortController();
  let failure: unknown;
  const finished = sender.run(stop.signal).catch((error: unknown) => {
    failure = error;
  });
  return {
    facts: () => factsOf(sender.status()),
    takeRecoveryPoint: () => sender.takeRecoveryPoint(),
    configure: (wanted) => {
      sender.setBandwidth(bytesPerSecond(wanted));
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

function bytesPerSecond({ bandwidthThrottlingMbps }: SendingSettings): number {
  return Math.round((bandwidthThrottlingMbps * BITS_IN_MEGABIT) / 8);
}

function factsOf({ error, journalId: _ours, ...status }: SenderStatus): ReplicationFacts {
  if (error === undefined) return status;
  return { ...status, error: { error: error.error, rawError: error.rawError } };
}
