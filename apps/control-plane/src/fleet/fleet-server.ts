/** What of all servers' records is kept in memory: what they are found, sorted and judged by. Pure. */
import type { LifeCycleState } from '@landfall/model';
import type { ReplicatedServer } from '../lifecycle/replication-view.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';

export interface FleetServer extends ReplicatedServer {
  readonly isArchived: boolean;
  readonly lifeCycleState: LifeCycleState;
  readonly applicationId: string | undefined;
  readonly name: string;
  /** All it may be called, in small letters, apart by newlines. */
  readonly searchText: string;
}

export function fleetServer(server: SourceServerRecord): FleetServer {
  const { sourceServerId, createdAtMs, replicationServerId, replication, disks } = server;
  return {
    ...{ sourceServerId, createdAtMs, replicationServerId, replication, disks },
    isArchived: server.isArchived,
    lifeCycleState: server.lifeCycle.state,
    applicationId: server.applicationId,
    name: namesOf(server)[0] ?? sourceServerId,
    searchText: [...namesOf(server), server.fqdnForActionFramework ?? ''].join('\n').toLowerCase(),
  };
}

/** By its people first; the id is the last. */
function namesOf({
  tags,
  sourceProperties,
  userProvidedId,
  sourceServerId,
}: SourceServerRecord): readonly string[] {
  const { hostname, fqdn } = sourceProperties.identificationHints;
  const all = [tags.Name, hostname, fqdn, userProvidedId, sourceServerId];
  return all.filter((name): name is string => name !== undefined && name !== '');
}
