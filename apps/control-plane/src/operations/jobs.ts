/** DescribeJobs, DescribeJobLogItems, DeleteJob. */
import { ApiError, type Handlers, type Mgn, paginate, parseIsoDateTime } from '@landfall/api';
import type { Service } from '../service.ts';
import { deleteJob, findJob, type JobRecord, listJobLog, listJobs } from '../store/jobs.ts';
import type { Queries } from '../store/schema.ts';
import { showJob, showJobLogItem } from './job-view.ts';

type Operations = Pick<Handlers<'mgn', Service>, 'DescribeJobs' | 'DescribeJobLogItems' | 'DeleteJob'>;

export const jobOperations: Operations = {
  DescribeJobs: async (input, service) => {
    const { db } = service.store;
    const jobs = (await listJobs(db)).filter((job) => matches(job, input.filters));
    const page = paginate(jobs, input, {
      listing: `DescribeJobs ${JSON.stringify(input.filters ?? {})}`,
      sortKeyOf: (job) => `${String(job.createdAtMs).padStart(15, '0')} ${job.jobId}`,
      order: 'descending',
    });
    return { ...page, items: await Promise.all(page.items.map((job) => showJob(service, db, job))) };
  },

  /** An unknown job has no log; the operation's modelled errors have no 404. */
  DescribeJobLogItems: async (input, service) => {
    const job = await findJob(service.store.db, input.jobID);
    if (job === undefined || job.type === 'RETIREMENT') return { items: [] };
    const items = (await listJobLog(service.store.db, input.jobID)).map((item, index) => ({ item, index }));
    const page = paginate(items, input, {
      listing: `DescribeJobLogItems ${input.jobID}`,
      sortKeyOf: ({ index }) => String(index).padStart(9, '0'),
    });
    return { ...page, items: page.items.map(({ item }) => showJobLogItem(item)) };
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

function matches(job: JobRecord, filters: Mgn.DescribeJobsRequestFilters = {}): boolean {
  const { jobIDs, fromDate, toDate } = filters;
  return (
    job.type !== 'RETIREMENT' &&
    (jobIDs === undefined || jobIDs.length === 0 || jobIDs.includes(job.jobId)) &&
    (fromDate === undefined || job.createdAtMs >= requireTime('filters.fromDate', fromDate)) &&
    (toDate === undefined || job.createdAtMs <= requireTime('filters.toDate', toDate))
  );
}

export function requireTime(name: string, text: string): number {
  const timeMs = parseIsoDateTime(text);
  if (timeMs !== undefined) return timeMs;
  throw ApiError.validation(`${name} is no date that exists.`, {
    reason: 'fieldValidationFailed',
    fieldList: [{ name, message: 'is no date that exists' }],
  });
}
