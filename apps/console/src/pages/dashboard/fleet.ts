/** All servers in numbers. Pure. */
import type { Mgn } from '@landfall/api/types';
import { parseIsoDuration } from '../../i18n/formats.ts';
import { hasFailed } from '../../jobs/job-outcome.ts';

export interface Fleet {
  readonly count: number;
  /** That could be launched now. */
  readonly protectedCount: number;
  readonly lifeCycle: ReadonlyMap<Mgn.LifeCycleState, number>;
  readonly replication: ReadonlyMap<Mgn.DataReplicationState, number>;
  readonly lagTypicalMs: number | undefined;
  readonly lagWorst: { readonly server: Mgn.SourceServer; readonly lagMs: number } | undefined;
  readonly stalled: readonly Mgn.SourceServer[];
  readonly paused: readonly Mgn.SourceServer[];
}

export function summarize(servers: readonly Mgn.SourceServer[]): Fleet {
  const inState = (state: Mgn.DataReplicationState) =>
    servers.filter(({ dataReplicationInfo: info }) => info?.dataReplicationState === state);
  const lags = servers.flatMap((server) => {
    const lagMs = parseIsoDuration(server.dataReplicationInfo?.lagDuration);
    return lagMs === undefined ? [] : [{ server, lagMs }];
  });
  const sorted = lags.sort((left, right) => left.lagMs - right.lagMs);
  return {
    count: servers.length,
    protectedCount: lags.length,
    lifeCycle: countBy(servers, ({ lifeCycle }) => lifeCycle?.state ?? 'NOT_READY'),
    replication: countBy(
      servers,
      ({ dataReplicationInfo: info }) => info?.dataReplicationState ?? 'DISCONNECTED',
    ),
    lagTypicalMs: median(sorted.map(({ lagMs }) => lagMs)),
    lagWorst: sorted.at(-1),
    stalled: inState('STALLED'),
    paused: inState('PAUSED'),
  };
}

function countBy<Key>(servers: readonly Mgn.SourceServer[], keyOf: (server: Mgn.SourceServer) => Key) {
  const counts = new Map<Key, number>();
  for (const server of servers) counts.set(keyOf(server), (counts.get(keyOf(server)) ?? 0) + 1);
  return counts;
}

export interface LaunchTimes {
  readonly count: number;
  readonly typicalMs: number | undefined;
}

/** From the call to the end of the job, of launches that worked for every server. */
export function launchTimes(jobs: readonly Mgn.Job[]): LaunchTimes {
  const tookMs = jobs
    .filter((job) => job.type === 'LAUNCH' && job.status === 'COMPLETED' && !hasFailed(job))
    .map(
      ({ creationDateTime = '', endDateTime = '' }) => Date.parse(endDateTime) - Date.parse(creationDateTime),
    )
    .filter((durationMs) => durationMs >= 0);
  return { count: tookMs.length, typicalMs: median(tookMs.sort((left, right) => left - right)) };
}

/** Of numbers in order. */
function median(sorted: readonly number[]): number | undefined {
  return sorted[Math.floor(sorted.length / 2)];
}
