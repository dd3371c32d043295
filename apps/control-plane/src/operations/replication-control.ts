/** Start, stop, pause, resume and retry of data replication. */
import { ApiError, type Handlers, type Mgn } from '@landfall/api';
import { assert } from '@landfall/runtime';
import { chooseReplicationServer } from '../channel/assign-replication-server.ts';
import { viewServer } from '../channel/observe-replication.ts';
import { initiationSteps } from '../lifecycle/initiation.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { isRetiring } from '../store/jobs.ts';
import { changeFreeServer, conflict, requireServer, withEvent } from './change-source-server.ts';
import { retire } from './retire.ts';
import { showSourceServer } from './source-server-view.ts';

type Operations = Pick<
  Handlers<'mgn', Service>,
  'StartReplication' | 'StopReplication' | 'PauseReplication' | 'ResumeReplication' | 'RetryDataReplication'
>;

export const replicationControlOperations: Operations = {
  StartReplication: (input, service) =>
    changeFreeServer(service, input.sourceServerID, async (server, tx) => {
      const next = withEvent(server, 'START_REPLICATION', { nowMs: service.clock.nowMs() });
      if (await isRetiring(tx, server.sourceServerId)) {
        throw conflict(server, 'its former replication is still being cleaned up; try again in a moment');
      }
      const replicationServerId = await chooseReplicationServer(tx, server.disks.length);
      return startedAnew(service, { ...next, replicationServerId });
    }),

  StopReplication: async (input, service) => {
    let jobId: string | undefined;
    const shown = await changeFreeServer(service, input.sourceServerID, async (server, tx) => {
      const next = withEvent(server, 'STOP_REPLICATION', { nowMs: service.clock.nowMs() });
      const retirement = await retire(service, tx, next, 'STOP');
      jobId = retirement.jobId;
      return retirement.server;
    });
    assert(jobId !== undefined, 'a replication that stopped has its retirement');
    service.jobs.start(jobId);
    return shown;
  },

  PauseReplication: (input, service) =>
    switchReplication(service, input.sourceServerID, {
      from: 'REPLICATE',
      to: 'PAUSE',
      why: 'it is not replicating',
    }),

  ResumeReplication: (input, service) =>
    switchReplication(service, input.sourceServerID, {
      from: 'PAUSE',
      to: 'REPLICATE',
      why: 'it is not paused',
    }),

  RetryDataReplication: async (input, service) => {
    const server = await requireServer(service.store.db, input.sourceServerID);
    if (viewServer(service, server).state !== 'STALLED') {
      throw ApiError.validation(`${server.sourceServerId} is not stalled, so there is nothing to retry.`);
    }
    return showSourceServer(service, server);
  },
};

interface Switch {
  readonly from: 'REPLICATE' | 'PAUSE';
  readonly to: 'REPLICATE' | 'PAUSE';
  readonly why: string;
}

function switchReplication(
  service: Service,
  sourceServerId: string,
  { from, to, why }: Switch,
): Promise<Mgn.SourceServer> {
  return changeFreeServer(service, sourceServerId, (server) => {
    if (server.replication.desired !== from) throw conflict(server, why);
    return { ...server, replication: { ...server.replication, desired: to } };
  });
}

function startedAnew({ clock, reports }: Service, server: SourceServerRecord): SourceServerRecord {
  reports.forget(server.sourceServerId);
  const nothing = { replicationServerSeen: false, paired: false, connected: false, firstBytes: false };
  return {
    ...server,
    stagingDiscardedAtMs: null,
    replication: {
      desired: 'REPLICATE',
      startedAtMs: clock.nowMs(),
      state: 'INITIATING',
      steps: initiationSteps({ ...nothing, assigned: server.replicationServerId !== null }),
      firstByteAtMs: null,
      pairedAtMs: null,
    },
  };
}
