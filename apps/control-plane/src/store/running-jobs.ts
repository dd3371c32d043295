/** How much is under way at once. Retirements are no jobs of the public API and do not count. */
import type { Queries } from './schema.ts';

export interface RunningJobs {
  readonly jobs: number;
  /** Participating servers of all of them. */
  readonly servers: number;
}

export async function countRunningJobs(db: Queries): Promise<RunningJobs> {
  const rows = await db
    .selectFrom('job')
    .innerJoin('job_server', 'job_server.job_id', 'job.job_id')
    .select((query) => ['job.job_id', query.fn.countAll<number>().as('servers')])
    .where('job.status', '!=', 'COMPLETED')
    .where('job.type', '!=', 'RETIREMENT')
    .groupBy('job.job_id')
    .execute();
  return { jobs: rows.length, servers: rows.reduce((sum, { servers }) => sum + Number(servers), 0) };
}

/** Source servers whose machines are being terminated. */
export async function listEndingServers(db: Queries): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('job')
    .innerJoin('job_server', 'job_server.job_id', 'job.job_id')
    .select('job_server.source_server_id')
    .where('job.status', '!=', 'COMPLETED')
    .where('job.type', '=', 'TERMINATE')
    .execute();
  return new Set(rows.map(({ source_server_id }) => source_server_id));
}
