/** Following a job to its end: its log as it grows, then how each server came out. */
import type { ApiClient, Mgn } from '@landfall/api';
import { formatDurationMs, OperationError, systemClock } from '@landfall/runtime';
import { patiently } from '../../patiently.ts';
import type { Output } from '../../terminal/output.ts';
import type { ProgressState } from '../../terminal/progress.ts';
import { waitForEnd } from '../../terminal/waiting.ts';

const PAST_JOBS = 100;

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

interface Followed {
  readonly job: Mgn.Job;
  readonly log: readonly Mgn.JobLog[];
}

/** Waits for COMPLETED. Errors: LAUNCH_FAILED with what the log says, when a participating server failed. */
export async function followJob(client: ApiClient, jobID: string, output: Output): Promise<Mgn.Job> {
  const usualMs = await usualDurationMs(client, await findJob(client, jobID));
  let shown = 0;
  const { job, log } = await waitForEnd<Followed>(
    {
      what: `job ${jobID}`,
      follow: `landfall job watch ${jobID}`,
      ask: async () => ({ job: await findJob(client, jobID), log: await jobLog(client, jobID) }),
      isEnded: (followed) => followed.job.status === 'COMPLETED',
      news: (followed) => {
        const lines = followed.log.slice(shown).map(formatLogItem);
        shown = followed.log.length;
        return lines;
      },
      progressOf: (followed) => jobProgress(followed, { usualMs, nowMs: systemClock.nowMs() }),
    },
    output,
  );
  return checkOutcome(job, log);
}

/** Of the last jobs of the kind: jobs do not say how far they are, but the like take alike. */
async function usualDurationMs(client: ApiClient, { initiatedBy }: Mgn.Job): Promise<number | undefined> {
  const { items = [] } = await patiently(() => client.mgn('DescribeJobs', { maxResults: PAST_JOBS }));
  return medianDurationMs(items.filter((job) => job.initiatedBy === initiatedBy));
}

export function medianDurationMs(jobs: readonly Mgn.Job[]): number | undefined {
  const durations = jobs.flatMap(({ status, creationDateTime = '', endDateTime = '' }) => {
    const durationMs = Date.parse(endDateTime) - Date.parse(creationDateTime);
    return status === 'COMPLETED' && durationMs > 0 ? [durationMs] : [];
  });
  durations.sort((left, right) => left - right);
  return durations[Math.floor(durations.length / 2)];
}

/** What takes longer than usual has no time of its end. */
export function jobProgress(
  { job, log }: Followed,
  { usualMs, nowMs }: { readonly usualMs: number | undefined; readonly nowMs: number },
): ProgressState {
  const elapsedMs = Math.max(0, nowMs - Date.parse(job.creationDateTime ?? ''));
  const label = log.at(-1)?.event ?? job.status ?? 'PENDING';
  if (Number.isNaN(elapsedMs)) return { label };
  const detail = `for ${formatDurationMs(elapsedMs)}`;
  if (usualMs === undefined || elapsedMs >= usualMs) return { label, detail };
  return { label, detail, fraction: elapsedMs / usualMs, etaMs: usualMs - elapsedMs };
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
