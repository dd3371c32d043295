import type { Mgn } from '@landfall/api/types';
import { apiFailure } from '../../api/failure.ts';
import type { LiveQuery } from '../../api/live-queries.ts';
import type { MgnCall } from '../../api/mgn-client.ts';
import type { JobProgress } from './job-steps.ts';

const PAGE_SIZE = 1000;
/** More than 200 servers write; what ends a log that does not. */
const PAGES_MAX = 20;

export function jobQuery(mgn: MgnCall, jobID: string): LiveQuery<JobProgress> {
  return {
    key: `job ${jobID}`,
    on: ['JobChanged'],
    about: jobID,
    load: async () => {
      const [answer, log] = await Promise.all([
        mgn('DescribeJobs', { filters: { jobIDs: [jobID] } }),
        readLog(mgn, jobID),
      ]);
      const [job] = answer.items ?? [];
      if (job !== undefined) return { job, log };
      throw apiFailure({ name: 'ResourceNotFoundException', status: 404, message: jobID });
    },
  };
}

async function readLog(mgn: MgnCall, jobID: string): Promise<readonly Mgn.JobLog[]> {
  const log: Mgn.JobLog[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const output = await mgn('DescribeJobLogItems', { jobID, maxResults: PAGE_SIZE, nextToken });
    log.push(...(output.items ?? []));
    nextToken = output.nextToken;
    if (nextToken === undefined) break;
  }
  return log;
}
