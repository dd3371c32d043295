/** A source server as the public API shows it. */
import { arnOf, isoDateTime, isoDuration, type Mgn } from '@landfall/api';
import { viewServer } from '../channel/observe-replication.ts';
import type { Milestone } from '../lifecycle/life-cycle.ts';
import type { ReplicationView } from '../lifecycle/replication-view.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';

export function showSourceServer(service: Service, server: SourceServerRecord): Mgn.SourceServer {
  const view = viewServer(service, server);
  const { launched } = server;
  return {
    sourceServerID: server.sourceServerId,
    arn: arnOf('mgn', 'source-server', server.sourceServerId, service.facts),
    isArchived: server.isArchived,
    tags: server.tags,
    launchedInstance:
      launched === null
        ? undefined
        : { ec2InstanceID: launched.machineId, jobID: launched.jobId, firstBoot: launched.firstBoot },
    dataReplicationInfo: showReplication(server, view, service.clock.nowMs()),
    lifeCycle: showLifeCycle(service, server),
    sourceProperties: server.sourceProperties,
    replicationType: 'AGENT_BASED',
    applicationID: server.applicationId,
    connectorAction: server.connectorAction,
    userProvidedID: server.userProvidedId,
    fqdnForActionFramework: server.fqdnForActionFramework,
  };
}

function showReplication(
  server: SourceServerRecord,
  view: ReplicationView,
  nowMs: number,
): Mgn.DataReplicationInfo {
  return {
    lagDuration: view.lagMs === null ? undefined : isoDuration(view.lagMs),
    etaDateTime: view.etaMs === null ? undefined : isoDateTime(nowMs + view.etaMs),
    replicatedDisks: view.disks,
    dataReplicationState: view.state,
    dataReplicationInitiation: {
      startDateTime: isoDateTime(server.replication.startedAtMs),
      steps: view.steps,
    },
    dataReplicationError: view.error,
    lastSnapshotDateTime: view.lastPointAtMs === null ? undefined : isoDateTime(view.lastPointAtMs),
  };
}

function showLifeCycle({ reports, clock }: Service, server: SourceServerRecord): Mgn.LifeCycle {
  const { lifeCycle, replication } = server;
  const seen = reports.last('agent', server.sourceServerId);
  const { firstByteAtMs } = replication;
  return {
    addedToServiceDateTime: isoDateTime(server.createdAtMs),
    firstByteDateTime: firstByteAtMs === null ? undefined : isoDateTime(firstByteAtMs),
    elapsedReplicationDuration:
      firstByteAtMs === null ? undefined : isoDuration(Math.max(0, clock.nowMs() - firstByteAtMs)),
    lastSeenByServiceDateTime: isoDateTime(seen?.atMs ?? server.createdAtMs),
    lastTest: showMilestone(lifeCycle.lastTest),
    lastCutover: showMilestone(lifeCycle.lastCutover),
    state: lifeCycle.state,
  };
}

function showMilestone(milestone: Milestone | undefined): Mgn.LifeCycleLastTest | undefined {
  if (milestone === undefined) return undefined;
  const { initiated, revertedAtMs, finalizedAtMs } = milestone;
  return {
    initiated:
      initiated === undefined
        ? undefined
        : { apiCallDateTime: isoDateTime(initiated.atMs), jobID: initiated.jobId },
    reverted: revertedAtMs === undefined ? undefined : { apiCallDateTime: isoDateTime(revertedAtMs) },
    finalized: finalizedAtMs === undefined ? undefined : { apiCallDateTime: isoDateTime(finalizedAtMs) },
  };
}
