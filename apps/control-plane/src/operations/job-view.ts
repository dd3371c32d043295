/** Jobs as the public API shows them. */
import { arnOf, isoDateTime, type Mgn } from '@landfall/api';
import type { PostLaunchOutcome } from '@landfall/channel';
import { assert } from '@landfall/runtime';
import { whyFailed } from '../jobs/post-launch-step.ts';
import type { Service } from '../service.ts';
import {
  type JobLogRecord,
  type JobRecord,
  type JobServerRecord,
  listJobServers,
  listServersOfJobs,
  type PostLaunchProgress,
} from '../store/jobs.ts';
import type { Queries } from '../store/schema.ts';

export async function showJob(service: Service, db: Queries, job: JobRecord): Promise<Mgn.Job> {
  return showJobWith(service, job, await listJobServers(db, job.jobId));
}

export async function showJobs(
  service: Service,
  db: Queries,
  jobs: readonly JobRecord[],
): Promise<readonly Mgn.Job[]> {
  const ids = jobs.map(({ jobId }) => jobId);
  const servers = ids.length === 0 ? new Map<string, never>() : await listServersOfJobs(db, ids);
  return jobs.map((job) => showJobWith(service, job, servers.get(job.jobId) ?? []));
}

function showJobWith({ facts }: Service, job: JobRecord, servers: readonly JobServerRecord[]): Mgn.Job {
  assert(job.type !== 'RETIREMENT', 'a retirement is no job of the public API');
  return {
    jobID: job.jobId,
    arn: arnOf('mgn', 'job', job.jobId, facts),
    type: job.type,
    initiatedBy: job.initiatedBy,
    creationDateTime: isoDateTime(job.createdAtMs),
    endDateTime: job.endedAtMs === null ? undefined : isoDateTime(job.endedAtMs),
    status: job.status,
    participatingServers: servers.map((server) => ({
      sourceServerID: server.sourceServerId,
      launchStatus: server.launchStatus,
      launchedEc2InstanceID: server.machineId,
      postLaunchActionsStatus: server.postLaunch && showPostLaunch(server.postLaunch, server.machineId),
    })),
    tags: job.tags,
  };
}

/** The words for proofs of boot are ours; clients take an event they do not know as its text. */
export function showJobLogItem({ loggedAtMs, event, eventData }: JobLogRecord): Mgn.JobLog {
  return { logDateTime: isoDateTime(loggedAtMs), event: event as Mgn.JobLogEvent, eventData };
}

const EXECUTION_STATUS = {
  PENDING: undefined,
  RUNNING: 'IN_PROGRESS',
  SUCCEEDED: 'SUCCESS',
  FAILED: 'FAILED',
  TIMED_OUT: 'FAILED',
  NOT_RUN: 'FAILED',
} as const satisfies Record<
  PostLaunchOutcome['state'],
  Mgn.JobPostLaunchActionsLaunchStatus['executionStatus']
>;
const FAILURE_CHARACTERS_MAX = 256;

/** `executionID`: the machine's id and the action's, under which DescribeLaunchedMachines has the output. */
function showPostLaunch(
  { actions, outcomes }: PostLaunchProgress,
  machineId: string | undefined,
): Mgn.PostLaunchActionsStatus {
  const first = outcomes.flatMap(({ startedAtMs }) => (startedAtMs === null ? [] : [startedAtMs]))[0];
  return {
    ssmAgentDiscoveryDatetime: first === undefined ? undefined : isoDateTime(first),
    postLaunchActionsLaunchStatusList: actions.map(({ actionId, document }) => {
      const outcome = outcomes.find((one) => one.actionId === actionId);
      const executionStatus = outcome && EXECUTION_STATUS[outcome.state];
      return {
        ssmDocument: document,
        ssmDocumentType: 'COMMAND',
        executionID: `${machineId}/${actionId}`,
        executionStatus,
        failureReason:
          outcome !== undefined && executionStatus === 'FAILED'
            ? whyFailed(outcome, document.timeoutSeconds).slice(0, FAILURE_CHARACTERS_MAX)
            : undefined,
      };
    }),
  };
}
