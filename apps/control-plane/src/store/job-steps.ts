/** Steps of a job, per participating server (S3). */
import { decodeDocument, encodeDocument } from './document.ts';
import type { Queries } from './schema.ts';

export type StepStatus = 'STARTED' | 'DONE' | 'FAILED';

export interface StepKey {
  readonly jobId: string;
  readonly sourceServerId: string;
  readonly name: string;
}

export interface StepRecord {
  readonly name: string;
  readonly status: StepStatus;
  readonly result: Readonly<Record<string, unknown>>;
}

export async function listSteps(
  db: Queries,
  jobId: string,
  sourceServerId: string,
): Promise<readonly StepRecord[]> {
  const rows = await db
    .selectFrom('job_step')
    .selectAll()
    .where('job_id', '=', jobId)
    .where('source_server_id', '=', sourceServerId)
    .execute();
  return rows.map((row) => ({
    name: row.name,
    status: row.status as StepStatus,
    result: row.result === null ? {} : decodeDocument(row.result),
  }));
}

/** Of every step of that name that ended well: those that are not one sealed text. */
export async function listPlainResults(
  db: Queries,
  name: string,
): Promise<readonly { readonly key: StepKey; readonly result: StepRecord['result'] }[]> {
  const rows = await db
    .selectFrom('job_step')
    .selectAll()
    .where('name', '=', name)
    .where('status', '=', 'DONE')
    .where('result', 'not like', '{"sealed":%')
    .execute();
  return rows.map(({ job_id: jobId, source_server_id: sourceServerId, result }) => ({
    key: { jobId, sourceServerId, name },
    result: result === null ? {} : decodeDocument(result),
  }));
}

/** In the place of the one it ended with. */
export async function saveResult(tx: Queries, key: StepKey, result: object): Promise<void> {
  await tx
    .updateTable('job_step')
    .set({ result: encodeDocument(result) })
    .where('job_id', '=', key.jobId)
    .where('source_server_id', '=', key.sourceServerId)
    .where('name', '=', key.name)
    .execute();
}

/** Also for a step that was begun before a crash. */
export async function beginStep(tx: Queries, key: StepKey, nowMs: number): Promise<void> {
  await tx
    .insertInto('job_step')
    .values({
      job_id: key.jobId,
      source_server_id: key.sourceServerId,
      name: key.name,
      status: 'STARTED',
      result: null,
      started_at_ms: nowMs,
      ended_at_ms: null,
    })
    .onConflict((conflict) => conflict.columns(['job_id', 'source_server_id', 'name']).doNothing())
    .execute();
}

export interface StepEnd {
  readonly status: 'DONE' | 'FAILED';
  readonly result: object;
  readonly nowMs: number;
}

export async function endStep(tx: Queries, key: StepKey, end: StepEnd): Promise<void> {
  await tx
    .updateTable('job_step')
    .set({ status: end.status, result: encodeDocument(end.result), ended_at_ms: end.nowMs })
    .where('job_id', '=', key.jobId)
    .where('source_server_id', '=', key.sourceServerId)
    .where('name', '=', key.name)
    .execute();
}
