/** Replication and launch configuration of one server. */
import type { Handlers } from '@landfall/api';
import { assert } from '@landfall/runtime';
import type { LaunchSettings, ReplicationSettings, SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { changeServer } from '../store/source-servers.ts';
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

  GetLaunchConfiguration: async ({ sourceServerID }, { store }) => {
    const server = await requireServer(store.db, sourceServerID);
    return { ...server.launchConfiguration, sourceServerID };
  },

  UpdateLaunchConfiguration: async ({ sourceServerID, accountID: _, ...change }, service) => {
    const server = await configure(service, sourceServerID, (current) => ({
      ...current,
      launchConfiguration: withoutAbsent<LaunchSettings>(current.launchConfiguration, change),
    }));
    return { ...server.launchConfiguration, sourceServerID };
  },
};

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
