/**
 * Jobs, their participating servers, steps and log.
 *
 * S3 A step's row is written before the step runs and its result with its end, so a restart knows where to go
 *    on.
 * S4 A log item has a key that is unique in its job: a step that runs again after a crash does not log twice.
 */
import type { PostLaunchOutcome } from '@landfall/channel';
import type { InitiatedBy, JobLogEvent, JobStatus, LaunchStatus, PointSelector } from '@landfall/model';
import type { PlannedAction } from '../actions/post-launch-plan.ts';
import { decodeDocument, encodeDocument } from './document.ts';
import { type Cut, isBehind } from './listing.ts';
import type { JobServerTable, JobTable, Queries } from './schema.ts';

/** RETIREMENT is ours alone: what goes on behind a finalized, disconnected or stopped server. */
export type JobKind = 'LAUNCH' | 'TERMINATE' | 'RETIREMENT';

export interface JobRecord {
  readonly jobId: string;
  readonly type: JobKind;
  readonly initiatedBy: InitiatedBy;
  readonly status: JobStatus;
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
  readonly tags: Readonly<Record<string, string>>;
  /** Launches only: the instant to launch from. */
  readonly at: PointSelector;
  /** Cutovers: without a proof of boot before. */
  readonly isUnproved?: boolean | undefined;
}

export interface JobServerRecord {
  readonly jobId: string;
  readonly sourceServerId: string;
  readonly launchStatus: LaunchStatus;
  readonly machineId?: string;
  readonly postLaunch?: PostLaunchProgress;
}

/** What runs in the launched machine, with what is known of it. */
export interface PostLaunchProgress {
  readonly actions: readonly PlannedAction[];
  readonly outcomes: readonly PostLaunchOutcome[];
}

export interface JobLogRecord {
  readonly loggedAtMs: number;
  readonly event: JobLogEvent;
  readonly eventData: Readonly<Record<string, unknown>>;
}

export interface NumberedLogRecord extends JobLogRecord {
  readonly sequence: number;
}

export async function insertJob(
  tx: Queries,
  job: JobRecord,
  sourceServerIds: readonly string[],
): Promise<void> {
  await tx
    .insertInto('job')
    .values({
      job_id: job.jobId,
      type: job.type,
      initiated_by: job.initiatedBy,
      status: job.status,
      created_at_ms: job.createdAtMs,
      ended_at_ms: job.endedAtMs,
      document: encodeDocument({ tags: job.tags, at: job.at, isUnproved: job.isUnproved }),
    })
    .execute();
  const rows = sourceServerIds.map((sourceServerId) => ({
    job_id: job.jobId,
    source_server_id: sourceServerId,
    launch_status: 'PENDING',
    document: encodeDocument({}),
  }));
  await tx.insertInto('job_server').values(rows).execute();
}

export async function findJob(db: Queries, jobId: string): Promise<JobRecord | undefined> {
  const row = await db.selectFrom('job').selectAll().where('job_id', '=', jobId).executeTakeFirst();
  return row === undefined ? undefined : toJob(row);
}

/** What is absent or empty filters nothing. */
export interface JobFilter {
  readonly jobIds?: readonly string[] | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

/** Jobs of the public API, newest first. */
export async function listJobs(
  db: Queries,
  { jobIds = [], fromMs, toMs }: JobFilter,
  { limit, after }: Cut,
): Promise<readonly JobRecord[]> {
  let found = db.selectFrom('job').selectAll().where('type', '!=', 'RETIREMENT');
  if (jobIds.length > 0) found = found.where('job_id', 'in', [...jobIds]);
  if (fromMs !== undefined) found = found.where('created_at_ms', '>=', fromMs);
  if (toMs !== undefined) found = found.where('created_at_ms', '<=', toMs);
  if (after !== undefined) {
    found = found.where(isBehind({ at: 'created_at_ms', id: 'job_id' }, after, 'descending'));
  }
  const rows = await found.orderBy('created_at_ms', 'desc').orderBy('job_id', 'desc').limit(limit).execute();
  return rows.map(toJob);
}

export async function listUnfinishedJobs(db: Queries): Promise<readonly JobRecord[]> {
  const rows = await db
    .selectFrom('job')
    .selectAll()
    .where('status', '!=', 'COMPLETED')
    .orderBy('created_at_ms')
    .orderBy('job_id')
    .execute();
  return rows.map(toJob);
}

export async function listJobServers(db: Queries, jobId: string): Promise<readonly JobServerRecord[]> {
  return (await listServersOfJobs(db, [jobId])).get(jobId) ?? [];
}

/** By job. */
export async function listServersOfJobs(
  db: Queries,
  jobIds: readonly string[],
): Promise<ReadonlyMap<string, readonly JobServerRecord[]>> {
  const rows = await db
    .selectFrom('job_server')
    .selectAll()
    .where('job_id', 'in', [...jobIds])
    .orderBy('job_id')
    .orderBy('source_server_id')
    .execute();
  return Map.groupBy(rows.map(toJobServer), ({ jobId }) => jobId);
}

async function findJobServer(
  db: Queries,
  { jobId, sourceServerId }: Pick<JobServerRecord, 'jobId' | 'sourceServerId'>,
): Promise<JobServerRecord | undefined> {
  const row = await db
    .selectFrom('job_server')
    .selectAll()
    .where('job_id', '=', jobId)
    .where('source_server_id', '=', sourceServerId)
    .executeTakeFirst();
  return row === undefined ? undefined : toJobServer(row);
}

/** Which of these servers a LAUNCH or TERMINATE job is still working on. */
export async function listBusyServers(
  db: Queries,
  sourceServerIds: readonly string[],
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('job_server')
    .innerJoin('job', 'job.job_id', 'job_server.job_id')
    .select('job_server.source_server_id')
    .where('job.status', '!=', 'COMPLETED')
    .where('job.type', '!=', 'RETIREMENT')
    .where('job_server.source_server_id', 'in', [...sourceServerIds])
    .execute();
  return rows.map((row) => row.source_server_id);
}

/** Whether a retirement of this server is still under way. */
export async function isRetiring(db: Queries, sourceServerId: string): Promise<boolean> {
  const row = await db
    .selectFrom('job_server')
    .innerJoin('job', 'job.job_id', 'job_server.job_id')
    .select('job.job_id')
    .where('job.status', '!=', 'COMPLETED')
    .where('job.type', '=', 'RETIREMENT')
    .where('job_server.source_server_id', '=', sourceServerId)
    .executeTakeFirst();
  return row !== undefined;
}

export async function setJobStatus(
  tx: Queries,
  jobId: string,
  change: { readonly status: JobStatus; readonly endedAtMs?: number },
): Promise<void> {
  await tx
    .updateTable('job')
    .set({ status: change.status, ended_at_ms: change.endedAtMs ?? null })
    .where('job_id', '=', jobId)
    .execute();
}

export async function setJobTags(
  tx: Queries,
  { jobId, at, isUnproved }: JobRecord,
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  const document = encodeDocument({ tags, at, isUnproved });
  await tx.updateTable('job').set({ document }).where('job_id', '=', jobId).execute();
}

/** What `server` does not say stays as it was. */
export async function saveJobServer(tx: Queries, server: JobServerRecord): Promise<void> {
  const { jobId, sourceServerId, launchStatus, ...said } = server;
  const known = await findJobServer(tx, server);
  const { machineId, postLaunch } = { ...known, ...said };
  await tx
    .updateTable('job_server')
    .set({ launch_status: launchStatus, document: encodeDocument({ machineId, postLaunch }) })
    .where('job_id', '=', jobId)
    .where('source_server_id', '=', sourceServerId)
    .execute();
}

export async function deleteJob(tx: Queries, jobId: string): Promise<void> {
  await tx.deleteFrom('job_log').where('job_id', '=', jobId).execute();
  await tx.deleteFrom('job_step').where('job_id', '=', jobId).execute();
  await tx.deleteFrom('job_server').where('job_id', '=', jobId).execute();
  await tx.deleteFrom('job').where('job_id', '=', jobId).execute();
}

export interface LogEntry extends JobLogRecord {
  readonly jobId: string;
  readonly onceKey: string;
}

export async function appendJobLog(tx: Queries, entry: LogEntry): Promise<void> {
  await tx
    .insertInto('job_log')
    .values({
      job_id: entry.jobId,
      once_key: entry.onceKey,
      logged_at_ms: entry.loggedAtMs,
      event: entry.event,
      document: encodeDocument(entry.eventData),
    })
    .onConflict((conflict) => conflict.columns(['job_id', 'once_key']).doNothing())
    .execute();
}

/** In the order in which they were written; only those behind `afterSequence`. */
export async function listJobLog(
  db: Queries,
  jobId: string,
  { limit, afterSequence = 0 }: { readonly limit: number; readonly afterSequence?: number | undefined },
): Promise<readonly NumberedLogRecord[]> {
  const rows = await db
    .selectFrom('job_log')
    .selectAll()
    .where('job_id', '=', jobId)
    .where('sequence', '>', afterSequence)
    .orderBy('sequence')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    sequence: row.sequence,
    loggedAtMs: row.logged_at_ms,
    event: row.event as JobLogEvent,
    eventData: decodeDocument(row.document),
  }));
}

function toJob(row: JobTable): JobRecord {
  return {
    jobId: row.job_id,
    type: row.type as JobKind,
    initiatedBy: row.initiated_by as InitiatedBy,
    status: row.status as JobStatus,
    createdAtMs: row.created_at_ms,
    endedAtMs: row.ended_at_ms,
    ...decodeDocument<Pick<JobRecord, 'tags' | 'at' | 'isUnproved'>>(row.document),
  };
}

function toJobServer(row: JobServerTable): JobServerRecord {
  return {
    jobId: row.job_id,
    sourceServerId: row.source_server_id,
    launchStatus: row.launch_status as LaunchStatus,
    ...decodeDocument<Pick<JobServerRecord, 'machineId' | 'postLaunch'>>(row.document),
  };
}
