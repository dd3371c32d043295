import type { Mgn } from '@landfall/api/types';
import { apiFailure } from '../../api/failure.ts';
import type { LiveQuery } from '../../api/live-queries.ts';
import type { MgnCall } from '../../api/mgn-client.ts';
import { listAllApplications } from '../../groups/list-applications.ts';
import { listAllServers } from '../../servers/list-servers.ts';

export interface WaveWithMembers {
  readonly wave: Mgn.Wave;
  readonly applications: readonly Mgn.Application[];
  readonly servers: readonly Mgn.SourceServer[];
}

/** Every server of the wave is looked at, so not at every event. */
const GAP_MS = 5000;
/** What a filter takes at once. */
const IDS_MAX = 200;

export function waveQuery(mgn: MgnCall, waveID: string): LiveQuery<WaveWithMembers> {
  return {
    key: `wave ${waveID}`,
    on: [
      'WaveChanged',
      'ApplicationChanged',
      'SourceServerChanged',
      'ReplicationChanged',
      'LaunchedMachineChanged',
    ],
    gapMs: GAP_MS,
    load: async () => {
      const [listed, applications] = await Promise.all([
        mgn('ListWaves', { filters: { waveIDs: [waveID] } }),
        listAllApplications(mgn, { waveIDs: [waveID] }),
      ]);
      const [wave] = listed.items ?? [];
      if (wave !== undefined) return { wave, applications, servers: await listMembers(mgn, applications) };
      throw apiFailure({ name: 'ResourceNotFoundException', status: 404, message: waveID });
    },
  };
}

async function listMembers(
  mgn: MgnCall,
  applications: readonly Mgn.Application[],
): Promise<readonly Mgn.SourceServer[]> {
  const ids = applications.map(({ applicationID = '' }) => applicationID);
  const servers: Mgn.SourceServer[] = [];
  for (let begin = 0; begin < ids.length; begin += IDS_MAX) {
    servers.push(...(await listAllServers(mgn, { applicationIDs: ids.slice(begin, begin + IDS_MAX) })));
  }
  return servers;
}
