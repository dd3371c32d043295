/**
 * What the reports of an agent and of its replication server, whichever came last, change in the record of
 * the server: the state of its replication, and that it may be launched for the first time.
 */
import { assert } from '@landfall/runtime';
import { applyEvent, type LifeCycle } from '../lifecycle/life-cycle.ts';
import {
  type ReplicatedServer,
  type ReplicationView,
  viewReplication,
} from '../lifecycle/replication-view.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';

export function isReplicating({ replication }: Pick<ReplicatedServer, 'replication'>): boolean {
  return replication.desired === 'REPLICATE' || replication.desired === 'PAUSE';
}

/** Data replication of a server as it stands now. */
export function viewServer(
  { reports, clock }: Pick<Service, 'reports' | 'clock'>,
  server: ReplicatedServer,
): ReplicationView {
  return viewReplication({
    server,
    agent: reports.last('agent', server.sourceServerId),
    replicationServer: reports.last('replication-server', server.replicationServerId),
    nowMs: clock.nowMs(),
  });
}

/** The record with what is known now of its replication. */
export function withReplication(service: Service, server: SourceServerRecord): SourceServerRecord {
  const nowMs = service.clock.nowMs();
  const view = viewServer(service, server);
  const { replication } = server;
  return {
    ...server,
    lifeCycle: nextLifeCycle(server.lifeCycle, view, nowMs),
    replication: {
      ...replication,
      state: view.state,
      steps: view.steps,
      firstByteAtMs: replication.firstByteAtMs ?? (view.firstBytes ? nowMs : null),
    },
  };
}

function nextLifeCycle(lifeCycle: LifeCycle, { lagMs }: ReplicationView, nowMs: number): LifeCycle {
  if (lifeCycle.state !== 'NOT_READY' || lagMs === null) return lifeCycle;
  const transition = applyEvent(lifeCycle, 'FIRST_RECOVERY_POINT', { nowMs });
  assert(transition.accepted, 'L1: NOT_READY accepts its first recovery point');
  return transition.lifeCycle;
}
