/** Limits of jobs: public MGN documentation. The modelled errors of the operations have no quota but 409. */
import { ApiError } from '@landfall/api';
import { countRunningJobs } from '../store/running-jobs.ts';
import type { Queries } from '../store/schema.ts';

const JOBS_MAX = 20;
/** In all jobs together; one job's own 200 are a limit of its request. */
const SERVERS_MAX = 200;

export async function refuseBeyondJobLimits(tx: Queries, servers: number): Promise<void> {
  const running = await countRunningJobs(tx);
  if (running.jobs >= JOBS_MAX) {
    throw ApiError.conflict(
      `${running.jobs} jobs are under way, the most there may be; wait for one to end.`,
    );
  }
  if (running.servers + servers > SERVERS_MAX) {
    throw ApiError.conflict(
      `Jobs under way work on ${running.servers} source servers; with these it would be more than ${SERVERS_MAX}.`,
    );
  }
}
