import type { Mgn } from '@landfall/api/types';
import { apiFailure } from '../../api/failure.ts';
import type { LiveQuery } from '../../api/live-queries.ts';
import type { MgnCall } from '../../api/mgn-client.ts';
import { listAllServers } from '../../servers/list-servers.ts';

export interface ApplicationWithServers {
  readonly application: Mgn.Application;
  readonly servers: readonly Mgn.SourceServer[];
}

/** At most 200 servers are looked at, so not at every event. */
const GAP_MS = 3000;

export function applicationQuery(mgn: MgnCall, applicationID: string): LiveQuery<ApplicationWithServers> {
  return {
    key: `application ${applicationID}`,
    on: ['ApplicationChanged', 'SourceServerChanged', 'ReplicationChanged', 'LaunchedMachineChanged'],
    gapMs: GAP_MS,
    load: async () => {
      const applicationIDs = [applicationID];
      const [listed, servers] = await Promise.all([
        mgn('ListApplications', { filters: { applicationIDs } }),
        listAllServers(mgn, { applicationIDs }),
      ]);
      const [application] = listed.items ?? [];
      if (application !== undefined) return { application, servers };
      throw apiFailure({ name: 'ResourceNotFoundException', status: 404, message: applicationID });
    },
  };
}
