/** Applications: sets of servers that are moved together. */
import { type Handlers, isoDateTime, type Mgn } from '@landfall/api';
import { viewServer } from '../channel/observe-replication.ts';
import { healthOf, type Member, progressOf } from '../lifecycle/aggregated-status.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import type { GroupRecord } from '../store/groups.ts';
import type { Queries } from '../store/schema.ts';
import { countServersIn, listServersIn, saveServer } from '../store/source-servers.ts';
import { conflict, requireServer } from './change-source-server.ts';
import {
  createGroup,
  groupConflict,
  pageOfGroups,
  quotaExceeded,
  removeGroup,
  requireActiveGroup,
  setArchived,
  showGroup,
  updateGroup,
} from './groups.ts';

type Operations = Pick<
  Handlers<'mgn', Service>,
  | 'CreateApplication'
  | 'UpdateApplication'
  | 'DeleteApplication'
  | 'ListApplications'
  | 'ArchiveApplication'
  | 'UnarchiveApplication'
  | 'AssociateSourceServers'
  | 'DisassociateSourceServers'
>;

const KIND = 'APPLICATION';
/** Public MGN documentation. */
const SERVERS_MAX = 200;

export const applicationOperations: Operations = {
  CreateApplication: async (input, service) =>
    show(service, await service.store.transaction((tx) => createGroup(service, tx, KIND, input))),

  UpdateApplication: async ({ applicationID, name, description }, service) => {
    const changed = await service.store.transaction(async (tx) => {
      const application = await requireActiveGroup(tx, KIND, applicationID);
      return updateGroup(service, tx, application, { name, description });
    });
    return show(service, changed);
  },

  DeleteApplication: ({ applicationID }, service) =>
    removeGroup(service, KIND, applicationID, refuseWithServers),

  ListApplications: async (input, service) => {
    const { applicationIDs: groupIds, waveIDs: parentIds, isArchived } = input.filters ?? {};
    const page = await pageOfGroups(service, input, { kind: KIND, groupIds, parentIds, isArchived });
    return { ...page, items: await showAll(service, page.items) };
  },

  ArchiveApplication: async ({ applicationID }, service) =>
    show(service, await setArchived(service, { kind: KIND, groupId: applicationID }, true, refuseUnfinished)),

  UnarchiveApplication: async ({ applicationID }, service) =>
    show(
      service,
      await setArchived(service, { kind: KIND, groupId: applicationID }, false, refuseUnfinished),
    ),

  AssociateSourceServers: async ({ applicationID, sourceServerIDs }, service) => {
    await service.store.transaction(async (tx) => {
      const application = await requireActiveGroup(tx, KIND, applicationID);
      for (const id of new Set(sourceServerIDs)) await joinApplication(tx, application, id);
      await refuseOverfull(tx, applicationID);
    });
    return {};
  },

  DisassociateSourceServers: async ({ applicationID, sourceServerIDs }, service) => {
    await service.store.transaction(async (tx) => {
      await requireActiveGroup(tx, KIND, applicationID);
      for (const id of new Set(sourceServerIDs)) await leaveApplication(tx, applicationID, id);
    });
    return {};
  },
};

async function joinApplication(tx: Queries, { groupId }: GroupRecord, sourceServerId: string): Promise<void> {
  const server = await requireServer(tx, sourceServerId);
  if (server.applicationId === groupId) return;
  if (server.applicationId !== undefined) {
    throw conflict(server, `it belongs to ${server.applicationId}; disassociate it first`);
  }
  if (server.isArchived) throw conflict(server, 'it is archived');
  await saveServer(tx, { ...server, applicationId: groupId });
}

/** One that belongs to no application is as it should be. */
async function leaveApplication(tx: Queries, applicationId: string, sourceServerId: string): Promise<void> {
  const server = await requireServer(tx, sourceServerId);
  const { applicationId: current, ...rest } = server;
  if (current === undefined) return;
  if (current !== applicationId) throw conflict(server, `it belongs to ${current}, not to ${applicationId}`);
  await saveServer(tx, rest);
}

/** After servers joined it, in the same transaction. */
export async function refuseOverfull(tx: Queries, applicationId: string): Promise<void> {
  const members = await countServersIn(tx, applicationId);
  if (members > SERVERS_MAX) throw quotaExceeded(KIND, `Servers of ${applicationId}`, SERVERS_MAX);
}

async function refuseWithServers(tx: Queries, application: GroupRecord): Promise<void> {
  const [member] = await listServersIn(tx, [application.groupId]);
  if (member === undefined) return;
  throw groupConflict(application, 'source servers belong to it; disassociate them first');
}

async function refuseUnfinished(tx: Queries, application: GroupRecord): Promise<void> {
  const members = await listServersIn(tx, [application.groupId]);
  const unfinished = members.find((server) => !server.isArchived && server.lifeCycle.state !== 'CUTOVER');
  if (unfinished === undefined) return;
  const { sourceServerId, lifeCycle } = unfinished;
  throw groupConflict(application, `${sourceServerId} is ${lifeCycle.state}, neither cut over nor archived`);
}

async function show(service: Service, application: GroupRecord): Promise<Mgn.Application> {
  const servers = await listServersIn(service.store.db, [application.groupId]);
  return showApplication(service, application, membersOf(service, servers));
}

async function showAll(
  service: Service,
  applications: readonly GroupRecord[],
): Promise<readonly Mgn.Application[]> {
  if (applications.length === 0) return [];
  const servers = await listServersIn(
    service.store.db,
    applications.map(({ groupId }) => groupId),
  );
  const byApplication = Map.groupBy(servers, ({ applicationId }) => applicationId);
  return applications.map((application) =>
    showApplication(service, application, membersOf(service, byApplication.get(application.groupId) ?? [])),
  );
}

function showApplication(
  service: Service,
  application: GroupRecord,
  members: readonly Member[],
): Mgn.Application {
  return {
    ...showGroup(service, application),
    applicationID: application.groupId,
    waveID: application.parentId ?? undefined,
    applicationAggregatedStatus: {
      lastUpdateDateTime: isoDateTime(service.clock.nowMs()),
      healthStatus: healthOf(members),
      progressStatus: progressOf(members),
      totalSourceServers: members.length,
    },
  };
}

export function membersOf(service: Service, servers: readonly SourceServerRecord[]): readonly Member[] {
  return servers.map((server) => ({ server, view: viewServer(service, server) }));
}
