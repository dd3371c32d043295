/** ChangeServerLifeCycleState, FinalizeCutover, DisconnectFromService. */
import type { Handlers, Mgn } from '@landfall/api';
import { assert } from '@landfall/runtime';
import { viewServer } from '../channel/observe-replication.ts';
import type { LifeCycleEvent } from '../lifecycle/life-cycle.ts';
import type { Service } from '../service.ts';
import { changeFreeServer, conflict, withEvent } from './change-source-server.ts';
import { retire } from './retire.ts';

type Operations = Pick<
  Handlers<'mgn', Service>,
  'ChangeServerLifeCycleState' | 'FinalizeCutover' | 'DisconnectFromService'
>;

const EVENT_BY_TARGET = {
  READY_FOR_TEST: 'SET_READY_FOR_TEST',
  READY_FOR_CUTOVER: 'SET_READY_FOR_CUTOVER',
  CUTOVER: 'SET_CUTOVER',
} as const satisfies Record<Mgn.ChangeServerLifeCycleStateSourceServerLifecycleState, LifeCycleEvent>;

export const lifeCycleOperations: Operations = {
  ChangeServerLifeCycleState: (input, service) =>
    changeFreeServer(service, input.sourceServerID, (server) => {
      const next = withEvent(server, EVENT_BY_TARGET[input.lifeCycle.state], {
        nowMs: service.clock.nowMs(),
      });
      const isLaunchable = viewServer(service, server).lagMs !== null;
      if (!isLaunchable && input.lifeCycle.state !== 'CUTOVER') {
        throw conflict(server, 'it has no recovery point to launch from');
      }
      return next;
    }),

  FinalizeCutover: (input, service) => endReplication(service, input.sourceServerID, 'FINALIZE_CUTOVER'),

  DisconnectFromService: (input, service) => endReplication(service, input.sourceServerID, 'DISCONNECT'),
};

/** A cutover whose launch failed, or one of whose actions that must succeed did. */
const NOTHING_RUNS = 'its cutover launched no machine, so there would be nothing left; launch it again first';

/** At once for the API; the agent hears of it at its next report, staging is given back behind it. */
async function endReplication(
  service: Service,
  sourceServerId: string,
  event: 'FINALIZE_CUTOVER' | 'DISCONNECT',
): Promise<Mgn.SourceServer> {
  let jobId: string | undefined;
  const shown = await changeFreeServer(service, sourceServerId, async (server, tx) => {
    const next = withEvent(server, event, { nowMs: service.clock.nowMs() });
    if (event === 'FINALIZE_CUTOVER' && server.launched === null) throw conflict(server, NOTHING_RUNS);
    if (server.replication.desired === 'UNINSTALL') throw conflict(server, 'it is already disconnected');
    const retirement = await retire(service, tx, next, 'UNINSTALL');
    jobId = retirement.jobId;
    return retirement.server;
  });
  assert(jobId !== undefined, 'a replication that ended has its retirement');
  service.jobs.start(jobId);
  return shown;
}
