/** DescribeSourceServers, UpdateSourceServer, MarkAsArchived, DeleteSourceServer. */
import { ApiError, type Handlers, type Mgn, paginate } from '@landfall/api';
import { forgetServerConfiguration } from '../launch/server-template.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import type { Queries } from '../store/schema.ts';
import { deleteServer, findServerByProvidedId, listServers } from '../store/source-servers.ts';
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

type Operations = Pick<
  Handlers<'mgn', Service>,
  'DescribeSourceServers' | 'UpdateSourceServer' | 'MarkAsArchived' | 'DeleteSourceServer'
>;

export const sourceServerOperations: Operations = {
  DescribeSourceServers: async (input, service) => {
    const servers = (await listServers(service.store.db)).filter((server) => matches(server, input.filters));
    const page = paginate(servers, input, {
      listing: `DescribeSourceServers ${JSON.stringify(input.filters ?? {})}`,
      sortKeyOf: (server) => `${String(server.createdAtMs).padStart(15, '0')} ${server.sourceServerId}`,
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
      await deleteServer(tx, server.sourceServerId);
    });
    return {};
  },
};

function matches(server: SourceServerRecord, filters: Mgn.DescribeSourceServersRequestFilters = {}): boolean {
  const { sourceServerIDs, isArchived, replicationTypes, lifeCycleStates, applicationIDs } = filters;
  return (
    includes(sourceServerIDs, server.sourceServerId) &&
    (isArchived === undefined || isArchived === server.isArchived) &&
    includes(replicationTypes, 'AGENT_BASED') &&
    includes(lifeCycleStates, server.lifeCycle.state) &&
    includes<string | undefined>(applicationIDs, server.applicationId)
  );
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

/** An empty filter list filters nothing. */
function includes<Value>(wanted: readonly Value[] | undefined, value: Value): boolean {
  return wanted === undefined || wanted.length === 0 || wanted.includes(value);
}
