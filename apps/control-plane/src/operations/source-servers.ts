/** DescribeSourceServers, UpdateSourceServer, MarkAsArchived, DeleteSourceServer. */
import { ApiError, type Handlers, type Mgn } from '@landfall/api';
import { forgetServerConfiguration } from '../launch/server-template.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { deleteReplicationMetrics } from '../store/replication-metrics.ts';
import type { Queries } from '../store/schema.ts';
import {
  deleteServer,
  findServerByProvidedId,
  listServers,
  type ServerFilter,
} from '../store/source-servers.ts';
import {
  changeFreeServer,
  RESOURCE_TYPE,
  refuseBusy,
  requireServer,
  withEvent,
} from './change-source-server.ts';
import { requireConnectorArn } from './connectors.ts';
import { withoutAbsent } from './partial-update.ts';
import { showSourceServer } from './source-server-view.ts';
import { pageOfStored } from './stored-page.ts';

type Operations = Pick<
  Handlers<'mgn', Service>,
  'DescribeSourceServers' | 'UpdateSourceServer' | 'MarkAsArchived' | 'DeleteSourceServer'
>;

export const sourceServerOperations: Operations = {
  DescribeSourceServers: async (input, service) => {
    const { filters = {} } = input;
    const page = await pageOfStored<SourceServerRecord>(input, {
      listing: `DescribeSourceServers ${JSON.stringify(filters)}`,
      placeOf: ({ createdAtMs, sourceServerId }) => ({ atMs: createdAtMs, id: sourceServerId }),
      fetch: async (cut) =>
        hasOurType(filters) ? listServers(service.store.db, filterOf(filters), cut) : [],
    });
    return { ...page, items: page.items.map((server) => showSourceServer(service, server)) };
  },

  UpdateSourceServer: (input, service) => {
    return changeFreeServer(service, input.sourceServerID, async (server, tx) => {
      await refuseTakenId(tx, server, input.userProvidedID);
      const { connectorArn } = input.connectorAction ?? {};
      if (connectorArn !== undefined) await requireConnectorArn(service, tx, connectorArn);
      return withoutAbsent<SourceServerRecord>(server, {
        userProvidedId: input.userProvidedID,
        fqdnForActionFramework: input.fqdnForActionFramework,
        platform: input.platform,
        connectorAction: input.connectorAction,
      });
    });
  },

  MarkAsArchived: (input, service) =>
    changeFreeServer(service, input.sourceServerID, (server) => ({
      ...withEvent(server, 'ARCHIVE', { nowMs: service.clock.nowMs() }),
      isArchived: true,
    })),

  DeleteSourceServer: async (input, service) => {
    await service.store.transaction(async (tx) => {
      const server = await requireServer(tx, input.sourceServerID);
      await refuseBusy(tx, [server.sourceServerId]);
      withEvent(server, 'DELETE', { nowMs: service.clock.nowMs() });
      await forgetServerConfiguration(tx, server.sourceServerId);
      await deleteReplicationMetrics(tx, server.sourceServerId);
      await deleteServer(tx, server.sourceServerId);
      service.history.forget(server.sourceServerId);
    });
    return {};
  },
};

function filterOf(filters: Mgn.DescribeSourceServersRequestFilters): ServerFilter {
  return {
    sourceServerIds: filters.sourceServerIDs,
    isArchived: filters.isArchived,
    lifeCycleStates: filters.lifeCycleStates,
    applicationIds: filters.applicationIDs,
  };
}

/** All of ours are replicated by agents. */
function hasOurType({ replicationTypes = [] }: Mgn.DescribeSourceServersRequestFilters): boolean {
  return replicationTypes.length === 0 || replicationTypes.includes('AGENT_BASED');
}

/** It is how an import recognizes a server, so two that are in use may not share one. */
async function refuseTakenId(tx: Queries, server: SourceServerRecord, id: string | undefined): Promise<void> {
  if (id === undefined || id === server.userProvidedId) return;
  const other = await findServerByProvidedId(tx, id);
  if (other === undefined) return;
  throw ApiError.conflict(`${other.sourceServerId} has the user-provided id ${id} already.`, {
    resourceId: other.sourceServerId,
    resourceType: RESOURCE_TYPE,
  });
}
