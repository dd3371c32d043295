/** DescribeReplication and DescribeService: what the MGN API cannot say. */
import { type Handlers, isoDateTime, type Landfall } from '@landfall/api';
import type { ReplicationServerReport } from '@landfall/channel';
import type { DiskChange } from '@landfall/model';
import { viewServer } from '../channel/observe-replication.ts';
import { AGENT_NOT_SEEN_MS } from '../lifecycle/replication-view.ts';
import type { Service } from '../service.ts';
import { listPrograms, type ProgramRecord } from '../store/programs.ts';
import { requireServer } from './change-source-server.ts';
import { showForecast, showImpact } from './forecast-view.ts';
import { showLimits } from './replication-limits.ts';
import { showScrub } from './scrub-view.ts';
import { showTripwire } from './tripwire.ts';

type StagedReport = ReplicationServerReport['servers'][number];

type Operations = Pick<
  Handlers<'landfall', Service>,
  'DescribeReplication' | 'DescribeForecast' | 'DescribeService'
>;

export const describeServiceOperations: Operations = {
  DescribeReplication: async ({ sourceServerID }, service) => {
    const server = await requireServer(service.store.db, sourceServerID);
    const view = viewServer(service, server);
    const agent = service.reports.last('agent', sourceServerID)?.report.replication;
    const staging = service.reports
      .last('replication-server', server.replicationServerId)
      ?.report.servers.find((entry) => entry.sourceServerId === sourceServerID);
    const isLive = server.replication.desired === 'REPLICATE' || server.replication.desired === 'PAUSE';
    return {
      state: view.state,
      connected: isLive && view.error?.error !== 'AGENT_NOT_SEEN' && agent?.connected === true,
      lagMs: view.lagMs ?? undefined,
      lagP50Ms: agent?.lagP50Ms ?? undefined,
      lagP99Ms: agent?.lagP99Ms ?? undefined,
      etaMs: view.etaMs ?? undefined,
      lastEpoch: agent?.lastEpoch ?? 0,
      bytesRead: agent?.bytesRead ?? 0,
      bytesSent: agent?.bytesSent ?? 0,
      bytesOnDisk: staging?.bytesOnDisk ?? 0,
      bytesReceived: staging?.bytesReceived ?? 0,
      recoveryPoints: staging?.recoveryPoints ?? 0,
      firstSyncDurationMs: agent?.firstSyncDurationMs ?? undefined,
      disks: view.disks,
      agentDesired: server.replication.desired,
      replicationServerID: server.replicationServerId ?? undefined,
      stagingDiscarded: server.stagingDiscardedAtMs !== null,
      captureMode: agent?.capture?.mode,
      captureReason: agent?.capture?.reason,
      passDurationMs: agent?.capture?.passDurationMs,
      warnings: [...(agent?.capture?.warnings ?? []), ...spaceWarnings(staging)],
      diskChanges: (agent?.diskChanges ?? []).map(showDiskChange),
      excludedDiskIDs: server.excludedDiskIds ?? [],
      forecast: isLive ? showForecast(agent?.forecast) : undefined,
      limits: showLimits(server, service.clock.nowMs()),
      impact: isLive ? showImpact(agent?.impact) : undefined,
      scrub: showScrub(staging?.scrub),
      tripwire: staging?.tripwire && showTripwire(staging.tripwire),
    };
  },

  DescribeForecast: async ({ sourceServerID }, service) => {
    const server = await requireServer(service.store.db, sourceServerID);
    const seen = service.reports.last('agent', sourceServerID);
    const view = viewServer(service, server);
    const isLive = view.error?.error !== 'AGENT_NOT_SEEN' && seen !== undefined;
    if (!isLive) return { sourceServerID };
    const forecast = showForecast(seen.report.replication.forecast);
    return { sourceServerID, forecast, observedDateTime: isoDateTime(seen.atMs) };
  },

  DescribeService: async (_input, service) => {
    const { db } = service.store;
    const replicationServers = await listPrograms(db, 'replication-server');
    const launchHosts = await listPrograms(db, 'launch-host');
    return {
      version: service.facts.version,
      replicationServers: replicationServers.map((program) => showReplicationServer(service, program)),
      launchHosts: launchHosts.map((program) => showLaunchHost(service, program)),
    };
  },
};

function spaceWarnings(staging: StagedReport | undefined): readonly string[] {
  return staging?.spaceWarning === undefined ? [] : [staging.spaceWarning];
}

function showDiskChange({ atMs, diskId, ...change }: DiskChange): Landfall.DiskChange {
  return { ...change, diskID: diskId, dateTime: isoDateTime(atMs) };
}

function showReplicationServer(
  { reports, clock }: Service,
  { programId }: ProgramRecord,
): Landfall.ReplicationServerItem {
  const seen = reports.last('replication-server', programId);
  if (seen === undefined) return { replicationServerID: programId, connected: false };
  const { version, host, port, stagingTotalBytes, stagingFreeBytes } = seen.report;
  return {
    replicationServerID: programId,
    connected: clock.nowMs() - seen.atMs < AGENT_NOT_SEEN_MS,
    version,
    host,
    port,
    stagingTotalBytes,
    stagingFreeBytes,
    lastSeenDateTime: isoDateTime(seen.atMs),
  };
}

function showLaunchHost({ reports, clock }: Service, { programId }: ProgramRecord): Landfall.LaunchHostItem {
  const seen = reports.last('launch-host', programId);
  if (seen === undefined) return { launchHostID: programId, connected: false };
  const { version, accelerator, freeMemoryBytes, machines, loadPerProcessor, networks } = seen.report;
  const { kind, version: hostVersion, ...capabilities } = seen.report.capabilities ?? {};
  return {
    ...{ hostKind: kind, hostVersion, ...capabilities },
    launchHostID: programId,
    connected: clock.nowMs() - seen.atMs < AGENT_NOT_SEEN_MS,
    version,
    accelerator,
    freeMemoryBytes,
    loadPerProcessor,
    networks,
    machines: machines.length,
    lastSeenDateTime: isoDateTime(seen.atMs),
  };
}
