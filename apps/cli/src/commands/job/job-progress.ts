/** Following a job to its end: its log as it grows, then how each server came out. */
import type { ApiClient, Mgn } from '@landfall/api';
import { OperationError, systemClock } from '@landfall/runtime';
import { patiently } from '../../patiently.ts';
import type { Output } from '../../terminal/output.ts';

const POLL_MS = 1000;

export async function findJob(client: ApiClient, jobID: string): Promise<Mgn.Job> {
  const found = await patiently(() => client.mgn('DescribeJobs', { filters: { jobIDs: [jobID] } }));
  const job = found.items?.[0];
  if (job !== undefined) return job;
  throw new OperationError('JOB_NOT_FOUND', `there is no job ${jobID}`, {
    hint: '`landfall job list` shows the jobs',
  });
}

export async function jobLog(client: ApiClient, jobID: string): Promise<Mgn.JobLog[]> {
  const items: Mgn.JobLog[] = [];
  for await (const page of client.mgnPages('DescribeJobLogItems', { jobID }))
    items.push(...(page.items ?? []));
  return items;
}

/** Waits for COMPLETED. Errors: LAUNCH_FAILED with what the log says, when a participating server failed. */
export async function followJob(client: ApiClient, jobID: string, output: Output): Promise<Mgn.Job> {
  let shown = 0;
  for (;;) {
    const job = await findJob(client, jobID);
    const log = await patiently(() => jobLog(client, jobID));
    for (const item of log.slice(shown)) output.err(`${formatLogItem(item)}\n`);
    shown = log.length;
    if (job.status === 'COMPLETED') return checkOutcome(job, log);
    await systemClock.sleep(POLL_MS);
  }
}

export function formatLogItem(item: Mgn.JobLog): string {
  const error = item.eventData?.rawError;
  return `${item.logDateTime ?? ''}  ${item.event ?? ''}${error === undefined ? '' : `  ${error}`}`;
}

function checkOutcome(job: Mgn.Job, log: readonly Mgn.JobLog[]): Mgn.Job {
  const failed = (job.participatingServers ?? []).filter((server) => server.launchStatus === 'FAILED');
  if (failed.length === 0) return job;
  const reasons = log.flatMap((item) => item.eventData?.rawError ?? []);
  const ids = failed.map((server) => server.sourceServerID).join(', ');
  throw new OperationError(
    'LAUNCH_FAILED',
    `${job.jobID}: ${ids} failed: ${reasons.at(-1) ?? 'no reason was logged'}`,
    {
      hint: `\`landfall job show ${job.jobID}\` shows the steps; the source and its replica are as they were: mend the cause and launch again`,
    },
  );
}
