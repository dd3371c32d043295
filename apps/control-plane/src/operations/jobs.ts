/** DescribeJobs, DescribeJobLogItems, DeleteJob. */
import { ApiError, type Handlers, type Mgn, parseIsoDateTime } from '@landfall/api';
import type { Service } from '../service.ts';
import { deleteJob, findJob, type JobFilter, type JobRecord, listJobLog, listJobs } from '../store/jobs.ts';
import type { Queries } from '../store/schema.ts';
import { showJobLogItem, showJobs } from './job-view.ts';
import { pageOfNumbered, pageOfStored } from './stored-page.ts';

type Operations = Pick<Handlers<'mgn', Service>, 'DescribeJobs' | 'DescribeJobLogItems' | 'DeleteJob'>;

export const jobOperations: Operations = {
  DescribeJobs: async (input, service) => {
    const { db } = service.store;
    const { filters = {} } = input;
    const filter = filterOf(filters);
    const page = await pageOfStored<JobRecord>(input, {
      listing: `DescribeJobs ${JSON.stringify(filters)}`,
      placeOf: ({ createdAtMs, jobId }) => ({ atMs: createdAtMs, id: jobId }),
      fetch: (cut) => listJobs(db, filter, cut),
    });
    return { ...page, items: await showJobs(service, db, page.items) };
  },

  /** An unknown job has no log; the operation's modelled errors have no 404. */
  DescribeJobLogItems: async (input, service) => {
    const { db } = service.store;
    const job = await findJob(db, input.jobID);
    const hasLog = job !== undefined && job.type !== 'RETIREMENT';
    const page = await pageOfNumbered(input, `DescribeJobLogItems ${input.jobID}`, async (cut) =>
      hasLog ? listJobLog(db, input.jobID, cut) : [],
    );
    return { ...page, items: page.items.map(showJobLogItem) };
  },

  DeleteJob: async (input, service) => {
    await service.store.transaction(async (tx) => {
      const job = await requireJob(tx, input.jobID);
      if (job.status !== 'COMPLETED') {
        const resource = { resourceId: job.jobId, resourceType: 'Job' };
        throw ApiError.conflict(`${job.jobId} is still running; delete it when it is COMPLETED`, resource);
      }
      await deleteJob(tx, job.jobId);
    });
    return {};
  },
};

async function requireJob(tx: Queries, jobId: string): Promise<JobRecord> {
  const job = await findJob(tx, jobId);
  if (job === undefined || job.type === 'RETIREMENT') throw ApiError.notFound(jobId, 'Job');
  return job;
}

function filterOf({ jobIDs, fromDate, toDate }: Mgn.DescribeJobsRequestFilters): JobFilter {
  return {
    jobIds: jobIDs,
    fromMs: fromDate === undefined ? undefined : requireTime('filters.fromDate', fromDate),
    toMs: toDate === undefined ? undefined : requireTime('filters.toDate', toDate),
  };
}

export function requireTime(name: string, text: string): number {
  const timeMs = parseIsoDateTime(text);
  if (timeMs !== undefined) return timeMs;
  throw ApiError.validation(`${name} is no date that exists.`, {
    reason: 'fieldValidationFailed',
    fieldList: [{ name, message: 'is no date that exists' }],
  });
}
