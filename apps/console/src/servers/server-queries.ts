/** Questions that several places ask. */
import type { Landfall, Mgn } from '@landfall/api/types';
import { apiFailure } from '../api/failure.ts';
import type { LandfallCall } from '../api/landfall-client.ts';
import type { LiveQuery } from '../api/live-queries.ts';
import type { MgnCall } from '../api/mgn-client.ts';
import type { ConsoleClock } from '../browser-clock.ts';

const JOURNAL_GAP_MS = 60_000;
const SERVICE_GAP_MS = 10_000;
/** Cheap for the control plane; with thousands of servers there is always an event. */
const FLEET_GAP_MS = 3000;
/** As many as somebody reads. */
const ALERTS_MAX = 50;
/** As many as a chart has room for. */
const POINTS_MAX = 360;

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

/** Up to now, whenever it is asked for; only the span that is shown. */
export function metricsQuery(
  { landfall, clock }: { readonly landfall: LandfallCall; readonly clock: ConsoleClock },
  sourceServerID: string,
  { id, lengthMs, askMs }: { readonly id: string; readonly lengthMs: number; readonly askMs: number },
): LiveQuery<Landfall.ListReplicationMetricsResponse> {
  return {
    key: `metrics ${sourceServerID} ${id}`,
    on: ['ReplicationChanged'],
    about: sourceServerID,
    gapMs: askMs,
    load: () => {
      const fromDateTime = new Date(clock.nowMs() - lengthMs).toISOString();
      return landfall('ListReplicationMetrics', { sourceServerID, fromDateTime, maxPoints: POINTS_MAX });
    },
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

/** All servers at a glance. */
export function fleetQuery(landfall: LandfallCall): LiveQuery<Landfall.DescribeFleetResponse> {
  return {
    key: 'fleet',
    on: [
      ...(['SourceServerChanged', 'ReplicationChanged', 'TripwireChanged', 'PreflightChanged'] as const),
      ...(['BootProofChanged', 'ProgramChanged', 'JobChanged', 'LaunchedMachineChanged'] as const),
    ],
    gapMs: FLEET_GAP_MS,
    load: () => landfall('DescribeFleet', { maxAlerts: ALERTS_MAX }),
  };
}
