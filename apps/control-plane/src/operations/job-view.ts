/** Jobs as the public API shows them. */
import { arnOf, isoDateTime, type Mgn } from '@landfall/api';
import { assert } from '@landfall/runtime';
import type { Service } from '../service.ts';
import { type JobLogRecord, type JobRecord, listJobServers } from '../store/jobs.ts';
import type { Queries } from '../store/schema.ts';

export async function showJob({ facts }: Service, db: Queries, job: JobRecord): Promise<Mgn.Job> {
  assert(job.type !== 'RETIREMENT', 'a retirement is no job of the public API');
  const servers = await listJobServers(db, job.jobId);
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
    })),
    tags: job.tags,
  };
}

/** The words for proofs of boot are ours; clients take an event they do not know as its text. */
export function showJobLogItem({ loggedAtMs, event, eventData }: JobLogRecord): Mgn.JobLog {
  return { logDateTime: isoDateTime(loggedAtMs), event: event as Mgn.JobLogEvent, eventData };
}
