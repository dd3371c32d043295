/** Numbers of what there is, for the metrics: counted by the database. */
import type { Queries } from './schema.ts';

export interface JobCount {
  readonly type: string;
  readonly status: string;
  readonly count: number;
}

/** Without retirements, which are no jobs to anybody else. */
export async function countJobs(db: Queries): Promise<readonly JobCount[]> {
  const rows = await db
    .selectFrom('job')
    .select(['type', 'status', (query) => query.fn.countAll<number>().as('count')])
    .where('type', '!=', 'RETIREMENT')
    .groupBy(['type', 'status'])
    .execute();
  return rows.map(({ type, status, count }) => ({ type, status, count: Number(count) }));
}

/** When the newest proof of each server that found it to boot was begun, by server. */
export async function listLastVerified(db: Queries): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('boot_proof')
    .select(['source_server_id', (query) => query.fn.max('created_at_ms').as('at_ms')])
    .where('state', '=', 'VERIFIED')
    .groupBy('source_server_id')
    .execute();
  return new Map(rows.map(({ source_server_id, at_ms }) => [source_server_id, Number(at_ms)]));
}
