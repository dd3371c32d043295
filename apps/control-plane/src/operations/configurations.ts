/** Replication and launch configuration of one server. */
import type { Handlers, Mgn } from '@landfall/api';
import { assert } from '@landfall/runtime';
import { requireDocuments } from '../actions/script-library.ts';
import { keepInStep, serverTemplate } from '../launch/server-template.ts';
import type { LaunchSettings, ReplicationSettings, SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { changeServer, saveServer } from '../store/source-servers.ts';
import { requireServer } from './change-source-server.ts';
import { withoutAbsent } from './partial-update.ts';

type Operations = Pick<
  Handlers<'mgn', Service>,
  | 'GetReplicationConfiguration'
  | 'UpdateReplicationConfiguration'
  | 'GetLaunchConfiguration'
  | 'UpdateLaunchConfiguration'
>;

export const configurationOperations: Operations = {
  GetReplicationConfiguration: async ({ sourceServerID }, { store }) => {
    const server = await requireServer(store.db, sourceServerID);
    return { ...server.replicationConfiguration, sourceServerID };
  },

  UpdateReplicationConfiguration: async ({ sourceServerID, accountID: _, ...change }, service) => {
    const server = await configure(service, sourceServerID, (current) => ({
      ...current,
      replicationConfiguration: withoutAbsent<ReplicationSettings>(current.replicationConfiguration, change),
    }));
    return { ...server.replicationConfiguration, sourceServerID };
  },

  GetLaunchConfiguration: ({ sourceServerID }, service) => {
    const { store } = service;
    return store.transaction(async (tx) => {
      const server = await requireServer(tx, sourceServerID);
      const { template } = await serverTemplate(service, tx, server);
      return showLaunchConfiguration(server, template.launchTemplateId);
    });
  },

  UpdateLaunchConfiguration: async ({ sourceServerID, accountID: _, ...change }, service) => {
    return service.store.transaction(async (tx) => {
      const before = await requireServer(tx, sourceServerID);
      await requireDocuments(tx, change.postLaunchActions);
      const server = {
        ...before,
        launchConfiguration: withoutAbsent<LaunchSettings>(before.launchConfiguration, change),
      };
      await saveServer(tx, server);
      const { template } = await keepInStep(service, tx, server, before.launchConfiguration);
      return showLaunchConfiguration(server, template.launchTemplateId);
    });
  },
};

function showLaunchConfiguration(
  { sourceServerId, launchConfiguration }: SourceServerRecord,
  ec2LaunchTemplateID: string,
): Mgn.LaunchConfiguration {
  return { ...launchConfiguration, ec2LaunchTemplateID, sourceServerID: sourceServerId };
}

function configure(
  { store }: Service,
  sourceServerId: string,
  change: (server: SourceServerRecord) => SourceServerRecord,
): Promise<SourceServerRecord> {
  return store.transaction(async (tx) => {
    await requireServer(tx, sourceServerId);
    const changed = await changeServer(tx, sourceServerId, change);
    assert(changed !== undefined, 'S2: what was found in the transaction is still there');
    return changed;
  });
}
