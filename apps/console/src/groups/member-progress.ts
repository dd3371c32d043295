/** How far the servers of an application or a wave have come. Pure. */
import type { Mgn } from '@landfall/api/types';
import { LIFE_CYCLE_STATES } from '@landfall/model';

export interface MemberProgress {
  readonly count: number;
  /** Cut over for good, or archived. */
  readonly doneCount: number;
  /** States that occur, in the order of the lifecycle, with how many servers are in each. */
  readonly states: readonly (readonly [state: Mgn.LifeCycleState, count: number])[];
}

export function memberProgress(servers: readonly Mgn.SourceServer[]): MemberProgress {
  const stateOf = ({ lifeCycle }: Mgn.SourceServer) => lifeCycle?.state ?? 'NOT_READY';
  const counts = LIFE_CYCLE_STATES.map(
    (state) => [state, servers.filter((server) => stateOf(server) === state).length] as const,
  );
  return {
    count: servers.length,
    doneCount: servers.filter((server) => server.isArchived === true || stateOf(server) === 'CUTOVER').length,
    states: counts.filter(([, count]) => count > 0),
  };
}
