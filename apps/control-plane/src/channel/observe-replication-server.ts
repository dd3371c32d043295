/**
 * A replication server's report, and what it should be serving: the servers assigned to it that still
 * replicate.
 */
import type { ReplicationServerConfiguration, ReplicationServerReport } from '@landfall/channel';
import type { RetentionTier } from '@landfall/model';
import { retentionWish } from '../lifecycle/retention-view.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { readDefaultRetention } from '../store/default-retention.ts';
import { findPrograms, type ProgramRecord } from '../store/programs.ts';
import { changeServer, listServersOf } from '../store/source-servers.ts';
import { isReplicating, viewServer, withReplication } from './observe-replication.ts';

type ListedServer = ReplicationServerConfiguration['servers'][number];

export async function observeReplicationServer(
  service: Service,
  replicationServerId: string,
  report: ReplicationServerReport,
): Promise<ReplicationServerConfiguration> {
  const { store, clock, reports, events, log } = service;
  const before = reports.last('replication-server', replicationServerId);
  if (before === undefined) log.info('replication-server-seen', { replicationServerId, host: report.host });
  reports.put<'replication-server'>(replicationServerId, { atMs: clock.nowMs(), report });
  await events.replicationServerReported(before?.report, report);
  reports.save(replicationServerId, before === undefined);
  const servers = await listServersOf(store.db, replicationServerId);
  const replicating = servers.filter(isReplicating);
  await recordPairing(service, replicating);
  await recordFirstPoints(service, replicating);
  return { servers: await listAccepted(service, replicating) };
}

async function recordPairing(
  { store, clock }: Service,
  servers: readonly SourceServerRecord[],
): Promise<void> {
  const fresh = servers.filter(({ replication }) => replication.pairedAtMs === null);
  if (fresh.length === 0) return;
  const pairedAtMs = clock.nowMs();
  await store.transaction(async (tx) => {
    for (const { sourceServerId } of fresh) {
      await changeServer(tx, sourceServerId, (server) => ({
        ...server,
        replication: { ...server.replication, pairedAtMs },
      }));
    }
  });
}

/** The agent may tell of its first point a report later, or be gone meanwhile: it exists all the same. */
async function recordFirstPoints(service: Service, servers: readonly SourceServerRecord[]): Promise<void> {
  const isFirst = (server: SourceServerRecord) =>
    server.lifeCycle.state === 'NOT_READY' && viewServer(service, server).lagMs !== null;
  const fresh = servers.filter(isFirst);
  if (fresh.length === 0) return;
  await service.store.transaction(async (tx) => {
    for (const { sourceServerId } of fresh) {
      await changeServer(tx, sourceServerId, (server) =>
        isReplicating(server) ? withReplication(service, server) : server,
      );
    }
  });
}

async function listAccepted(
  { store }: Service,
  servers: readonly SourceServerRecord[],
): Promise<readonly ListedServer[]> {
  const ids = servers.map(({ sourceServerId }) => sourceServerId);
  const programs = ids.length === 0 ? new Map<string, never>() : await findPrograms(store.db, ids);
  const tiersByDefault = await readDefaultRetention(store.db);
  return servers.flatMap((server) => {
    const program = programs.get(server.sourceServerId);
    return program === undefined || program.revokedAtMs !== null
      ? []
      : [listServer(server, program, tiersByDefault)];
  });
}

function listServer(
  server: SourceServerRecord,
  { certificateFingerprint, next }: ProgramRecord,
  tiersByDefault: readonly RetentionTier[] | undefined,
): ListedServer {
  const { sourceServerId, disks, journalLimitBytes } = server;
  const following = next === null ? {} : { nextCertificateFingerprint: next.certificateFingerprint };
  const limited = journalLimitBytes === undefined ? {} : { journalLimitBytes };
  const wish = retentionWish(server.retentionTiers, tiersByDefault);
  const kept = Object.keys(wish).length === 0 ? {} : { retention: wish };
  return { sourceServerId, certificateFingerprint, ...following, ...limited, ...kept, disks };
}
