/**
 * Changing one source server: found or 404, free of jobs or 409, its lifecycle's answer, then written, all in
 * one transaction.
 */
import { ApiError, type Mgn } from '@landfall/api';
import { applyEvent, type EventFacts, type LifeCycleEvent } from '../lifecycle/life-cycle.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { listBusyServers } from '../store/jobs.ts';
import type { Queries } from '../store/schema.ts';
import { findServer, saveServer } from '../store/source-servers.ts';
import { showSourceServer } from './source-server-view.ts';

export const RESOURCE_TYPE = 'SourceServer';

/** The public API's own sentence; clients look for it. */
const IN_A_JOB =
  'One or more of the Source Servers included in API call are currently being processed by a Job';

export async function requireServer(db: Queries, sourceServerId: string): Promise<SourceServerRecord> {
  const server = await findServer(db, sourceServerId);
  if (server === undefined) throw ApiError.notFound(sourceServerId, RESOURCE_TYPE);
  return server;
}

export async function refuseBusy(tx: Queries, sourceServerIds: readonly string[]): Promise<void> {
  const [busy] = await listBusyServers(tx, sourceServerIds);
  if (busy === undefined) return;
  throw ApiError.conflict(IN_A_JOB, { resourceId: busy, resourceType: RESOURCE_TYPE });
}

/** The server with its lifecycle moved on, or ConflictException with the reason. */
export function withEvent(
  server: SourceServerRecord,
  event: LifeCycleEvent,
  facts: EventFacts,
): SourceServerRecord {
  if (server.isArchived && event !== 'DELETE') throw conflict(server, 'it is archived');
  const transition = applyEvent(server.lifeCycle, event, facts);
  if (!transition.accepted) throw conflict(server, transition.why);
  return { ...server, lifeCycle: transition.lifeCycle };
}

export function conflict(server: SourceServerRecord, why: string): ApiError {
  const { sourceServerId, lifeCycle } = server;
  return ApiError.conflict(`${sourceServerId} is ${lifeCycle.state}: ${why}`, {
    resourceId: sourceServerId,
    resourceType: RESOURCE_TYPE,
  });
}

export type Change = (
  server: SourceServerRecord,
  tx: Queries,
) => SourceServerRecord | Promise<SourceServerRecord>;

/** Not while a job works on the server. Answers the server as it is afterwards. */
export async function changeFreeServer(
  service: Service,
  sourceServerId: string,
  change: Change,
): Promise<Mgn.SourceServer> {
  const changed = await service.store.transaction(async (tx) => {
    const server = await requireServer(tx, sourceServerId);
    await refuseBusy(tx, [sourceServerId]);
    const next = await change(server, tx);
    await saveServer(tx, next);
    return next;
  });
  return showSourceServer(service, changed);
}
