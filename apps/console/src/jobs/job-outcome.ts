/** What became of a job. A launch that failed is a completed job of the API with a failed server. Pure. */
import type { Mgn } from '@landfall/api/types';

export type JobOutcome = Mgn.JobStatus | 'FAILED';

export function outcomeOf(job: Mgn.Job): JobOutcome {
  const { status = 'PENDING' } = job;
  return status === 'COMPLETED' && hasFailed(job) ? 'FAILED' : status;
}

export function hasFailed({ participatingServers = [] }: Mgn.Job): boolean {
  return participatingServers.some(({ launchStatus }) => launchStatus === 'FAILED');
}

/** How many of its servers have come to an end, well or not. */
export function endedCount({ participatingServers = [] }: Mgn.Job): number {
  const open: readonly (Mgn.LaunchStatus | undefined)[] = ['PENDING', 'IN_PROGRESS', undefined];
  return participatingServers.filter(({ launchStatus }) => !open.includes(launchStatus)).length;
}

export function tookMs({ creationDateTime = '', endDateTime = '' }: Mgn.Job): number | undefined {
  const durationMs = Date.parse(endDateTime) - Date.parse(creationDateTime);
  return durationMs >= 0 ? durationMs : undefined;
}
