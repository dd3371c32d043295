/** How long launches take, by those that worked. Pure. */
import type { JobRecord, JobServerRecord } from '../store/jobs.ts';
import { median } from './median.ts';

export interface LaunchTimes {
  readonly measured: number;
  readonly typicalMs: number | undefined;
}

/** From the call to the end of the job; of launches that worked for every server. */
export function launchTimes(
  jobs: readonly JobRecord[],
  serversOf: ReadonlyMap<string, readonly JobServerRecord[]>,
): LaunchTimes {
  const took = jobs.flatMap(({ jobId, type, status, createdAtMs, endedAtMs }) => {
    const servers = serversOf.get(jobId) ?? [];
    const hasWorked = servers.every(({ launchStatus }) => launchStatus !== 'FAILED');
    if (type !== 'LAUNCH' || status !== 'COMPLETED' || endedAtMs === null || !hasWorked) return [];
    return [Math.max(0, endedAtMs - createdAtMs)];
  });
  return { measured: took.length, typicalMs: median(took) };
}
