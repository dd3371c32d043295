/**
 * What an agent's report changes in the record of its server. The record is written only when something in it
 * changed; numbers that change all the time stay on the report board.
 */
import type { AgentConfiguration, AgentReport } from '@landfall/channel';
import type { SourceProperties } from '@landfall/model';
import { sampleOf } from '../history/replication-sample.ts';
import { replicatedDisks } from '../lifecycle/replicated-disks.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import { observeProof } from '../proofs/observe-proof.ts';
import type { Service } from '../service.ts';
import type { Queries } from '../store/schema.ts';
import { changeServer, findServer } from '../store/source-servers.ts';
import { chooseReplicationServer } from './assign-replication-server.ts';
import { isReplicating, withReplication } from './observe-replication.ts';

const EPOCH_INTERVAL_MS = 100;
const GONE: AgentConfiguration = {
  desired: 'UNINSTALL',
  bandwidthThrottlingMbps: 0,
  epochIntervalMs: EPOCH_INTERVAL_MS,
};

export async function observeAgent(
  service: Service,
  sourceServerId: string,
  report: AgentReport,
): Promise<AgentConfiguration> {
  const { store, clock, reports, events, history } = service;
  const told = reports.last('agent', sourceServerId);
  const seen = { atMs: clock.nowMs(), report };
  reports.put<'agent'>(sourceServerId, seen);
  const before = await findServer(store.db, sourceServerId);
  if (before === undefined) return GONE;
  await events.agentReported(sourceServerId, told?.report, report);
  const changed = await observeServer(service, sourceServerId, report);
  reports.save(sourceServerId, changed?.replication !== before.replication);
  if (changed === undefined) return GONE;
  if (isReplicating(changed)) history.add(sourceServerId, sampleOf(told, seen));
  const proof = await observeProof(service, changed, report);
  return { ...agentConfiguration(service, changed), ...(proof === undefined ? {} : { proof }) };
}

/** Reads first without a transaction: most reports change nothing. */
async function observeServer(
  service: Service,
  sourceServerId: string,
  report: AgentReport,
): Promise<SourceServerRecord | undefined> {
  const { store } = service;
  const server = await findServer(store.db, sourceServerId);
  if (server === undefined) return undefined;
  const needsHome =
    server.replicationServerId === null &&
    isReplicating(server) &&
    (await findHome(store.db, server)) !== null;
  if (!needsHome && observed(service, server, report) === server) return server;
  return store.transaction(async (tx) => {
    const home = needsHome ? await findHome(tx, server) : null;
    return changeServer(tx, sourceServerId, (current) => {
      const settled =
        home === null || current.replicationServerId !== null
          ? current
          : { ...current, replicationServerId: home };
      return observed(service, settled, report);
    });
  });
}

function findHome(db: Queries, server: SourceServerRecord): Promise<string | null> {
  return chooseReplicationServer(db, server.disks.length);
}

/** The same object when nothing changed. */
function observed(service: Service, server: SourceServerRecord, report: AgentReport): SourceServerRecord {
  if (!isReplicating(server)) return server;
  const disks = report.disks.length > 0 ? report.disks : server.disks;
  const { replicationConfiguration: settings } = server;
  const next = withReplication(service, {
    ...server,
    sourceProperties: newerProperties(server.sourceProperties, report.sourceProperties),
    disks,
    replicationConfiguration: {
      ...settings,
      replicatedDisks: replicatedDisks(disks, settings.replicatedDisks),
    },
  });
  return JSON.stringify(next) === JSON.stringify(server) ? server : next;
}

/** A new date alone is no change. */
function newerProperties(known: SourceProperties, told: SourceProperties): SourceProperties {
  const { lastUpdatedDateTime } = known;
  return JSON.stringify({ ...told, lastUpdatedDateTime }) ===
    JSON.stringify({ ...known, lastUpdatedDateTime })
    ? known
    : told;
}

function agentConfiguration({ reports }: Service, server: SourceServerRecord): AgentConfiguration {
  const { replicationServerId, replication, replicationConfiguration } = server;
  const target = reports.last('replication-server', replicationServerId)?.report;
  const assigned =
    target === undefined || replicationServerId === null || !isReplicating(server)
      ? {}
      : { replicationServer: { replicationServerId, host: target.host, port: target.port } };
  return {
    desired: replication.desired,
    ...assigned,
    bandwidthThrottlingMbps: replicationConfiguration.bandwidthThrottling,
    ...server.replicationLimits,
    epochIntervalMs: EPOCH_INTERVAL_MS,
    ...(server.excludedDiskIds === undefined ? {} : { excludedDiskIds: server.excludedDiskIds }),
  };
}
