/** All servers in numbers. Pure. */
import type { Landfall } from '@landfall/api';
import type { ReplicationServerReport } from '@landfall/channel';
import { DATA_REPLICATION_STATES, LIFE_CYCLE_STATES } from '@landfall/model';
import { median } from './median.ts';
import type { ViewedServer } from './server-search.ts';

const VOLUMES_MAX = 20;

type Counts = Pick<
  Landfall.DescribeFleetResponse,
  'servers' | 'protectedServers' | 'lifeCycle' | 'replication'
>;

export function countFleet(viewed: readonly ViewedServer[]): Counts {
  return {
    servers: viewed.length,
    protectedServers: viewed.filter(({ view }) => view.lagMs !== null).length,
    lifeCycle: countBy(viewed, LIFE_CYCLE_STATES, ({ server }) => server.lifeCycleState),
    replication: countBy(viewed, DATA_REPLICATION_STATES, ({ view }) => view.state),
  };
}

function countBy<State extends string>(
  viewed: readonly ViewedServer[],
  states: readonly State[],
  stateOf: (viewed: ViewedServer) => State,
): readonly { readonly state: State; readonly servers: number }[] {
  const counts = new Map<State, number>();
  for (const one of viewed) counts.set(stateOf(one), (counts.get(stateOf(one)) ?? 0) + 1);
  return states.flatMap((state) => {
    const servers = counts.get(state);
    return servers === undefined ? [] : [{ state, servers }];
  });
}

export function lagNow(viewed: readonly ViewedServer[]): Landfall.FleetLag {
  let worst: ViewedServer | undefined;
  const lags: number[] = [];
  for (const one of viewed) {
    const { lagMs } = one.view;
    if (lagMs === null) continue;
    lags.push(lagMs);
    if (lagMs > (worst?.view.lagMs ?? -1)) worst = one;
  }
  return {
    typicalMs: median(lags),
    worstMs: worst?.view.lagMs ?? undefined,
    worstSourceServerID: worst?.server.sourceServerId,
    worstName: worst?.server.name,
  };
}

export interface StagingProgram {
  readonly programId: string;
  readonly isConnected: boolean;
  readonly report: ReplicationServerReport | undefined;
}

export function stagingSpace(programs: readonly StagingProgram[]): Landfall.FleetStaging {
  const connected = programs.filter(({ isConnected }) => isConnected);
  const volumes = connected.flatMap(({ programId, report }) => {
    if (report === undefined) return [];
    const { host, stagingTotalBytes: totalBytes, stagingFreeBytes: freeBytes, servers } = report;
    const sourceServerID = servers.find(({ recoveryPoints }) => recoveryPoints > 0)?.sourceServerId;
    return [{ replicationServerID: programId, host, totalBytes, freeBytes, sourceServerID }];
  });
  const sum = (bytesOf: (volume: Landfall.FleetVolume) => number) =>
    volumes.reduce((bytes, volume) => bytes + bytesOf(volume), 0);
  const freeShare = ({ totalBytes, freeBytes }: Landfall.FleetVolume) =>
    totalBytes === 0 ? 1 : freeBytes / totalBytes;
  return {
    replicationServers: programs.length,
    connected: connected.length,
    totalBytes: sum(({ totalBytes }) => totalBytes),
    freeBytes: sum(({ freeBytes }) => freeBytes),
    volumes: volumes.sort((left, right) => freeShare(left) - freeShare(right)).slice(0, VOLUMES_MAX),
  };
}
