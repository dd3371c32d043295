/** Questions that several places ask. */
import type { Landfall, Mgn } from '@landfall/api/types';
import { apiFailure } from '../api/failure.ts';
import type { LandfallCall } from '../api/landfall-client.ts';
import type { LiveQuery } from '../api/live-queries.ts';
import type { MgnCall } from '../api/mgn-client.ts';

const JOURNAL_GAP_MS = 60_000;
const SERVICE_GAP_MS = 10_000;

export function serverQuery(mgn: MgnCall, sourceServerID: string): LiveQuery<Mgn.SourceServer> {
  return {
    key: `server ${sourceServerID}`,
    on: ['SourceServerChanged', 'ReplicationChanged', 'LaunchedMachineChanged', 'JobChanged'],
    about: sourceServerID,
    load: async () => {
      const filters = { sourceServerIDs: [sourceServerID] };
      const [server] = (await mgn('DescribeSourceServers', { filters })).items ?? [];
      if (server !== undefined) return server;
      throw apiFailure({ name: 'ResourceNotFoundException', status: 404, message: sourceServerID });
    },
  };
}

export function replicationQuery(
  landfall: LandfallCall,
  sourceServerID: string,
): LiveQuery<Landfall.DescribeReplicationResponse> {
  return {
    key: `replication ${sourceServerID}`,
    on: ['SourceServerChanged', 'ReplicationChanged', 'TripwireChanged'],
    about: sourceServerID,
    load: () => landfall('DescribeReplication', { sourceServerID }),
  };
}

/** Measured every so often, and no event tells of it. */
export function journalQuery(
  landfall: LandfallCall,
  sourceServerID: string,
): LiveQuery<Landfall.DescribeJournalResponse> {
  return {
    key: `journal ${sourceServerID}`,
    on: ['RecoveryPointChanged'],
    about: sourceServerID,
    gapMs: JOURNAL_GAP_MS,
    load: () => landfall('DescribeJournal', { sourceServerID }),
  };
}

/** The programs that do the work, and whether they are there. */
export function serviceQuery(landfall: LandfallCall): LiveQuery<Landfall.DescribeServiceResponse> {
  return {
    key: 'service',
    on: ['ReplicationChanged', 'LaunchedMachineChanged'],
    gapMs: SERVICE_GAP_MS,
    load: () => landfall('DescribeService', {}),
  };
}
