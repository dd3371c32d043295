/** Measurements of replication, by server, length of a bucket, and beginning: some buckets a row. */
import type { Kysely } from 'kysely';
import type { Queries } from './schema.ts';

export interface ReplicationMetricTable {
  /** Or `*`, of all servers together. */
  source_server_id: string;
  bucket_ms: number;
  started_at_ms: number;
  document: string;
}

export async function createReplicationMetricTable(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('replication_metric')
    .addColumn('source_server_id', 'text', (column) => column.notNull())
    .addColumn('bucket_ms', 'integer', (column) => column.notNull())
    .addColumn('started_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('replication_metric_key', ['source_server_id', 'bucket_ms', 'started_at_ms'])
    .execute();
}

export interface MetricSegmentRecord {
  readonly sourceServerId: string;
  readonly bucketMs: number;
  readonly startMs: number;
  readonly document: string;
}

/** With a beginning from `fromMs` to before `toMs`, oldest first. */
export async function findSegments(
  db: Queries,
  sourceServerIds: readonly string[],
  { bucketMs, fromMs, toMs }: { readonly bucketMs: number; readonly fromMs: number; readonly toMs: number },
): Promise<readonly MetricSegmentRecord[]> {
  const rows = await db
    .selectFrom('replication_metric')
    .select(['source_server_id', 'started_at_ms', 'document'])
    .where('source_server_id', 'in', [...sourceServerIds])
    .where('bucket_ms', '=', bucketMs)
    .where('started_at_ms', '>=', fromMs)
    .where('started_at_ms', '<', toMs)
    .orderBy('started_at_ms')
    .execute();
  return rows.map((row) => ({
    sourceServerId: row.source_server_id,
    bucketMs,
    startMs: Number(row.started_at_ms),
    document: row.document,
  }));
}

export async function saveSegments(tx: Queries, segments: readonly MetricSegmentRecord[]): Promise<void> {
  if (segments.length === 0) return;
  const rows = segments.map((segment) => ({
    source_server_id: segment.sourceServerId,
    bucket_ms: segment.bucketMs,
    started_at_ms: segment.startMs,
    document: segment.document,
  }));
  await tx
    .insertInto('replication_metric')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['source_server_id', 'bucket_ms', 'started_at_ms'])
        .doUpdateSet((row) => ({ document: row.ref('excluded.document') })),
    )
    .execute();
}

export async function deleteExpiredSegments(
  tx: Queries,
  sourceServerIds: readonly string[],
  { bucketMs, beforeMs }: { readonly bucketMs: number; readonly beforeMs: number },
): Promise<void> {
  await tx
    .deleteFrom('replication_metric')
    .where('source_server_id', 'in', [...sourceServerIds])
    .where('bucket_ms', '=', bucketMs)
    .where('started_at_ms', '<', beforeMs)
    .execute();
}

export async function deleteReplicationMetrics(tx: Queries, sourceServerId: string): Promise<void> {
  await tx.deleteFrom('replication_metric').where('source_server_id', '=', sourceServerId).execute();
}

/** Those of them that have not been deleted. */
export async function findExistingServers(
  db: Queries,
  sourceServerIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('source_server')
    .select('source_server_id')
    .where('source_server_id', 'in', [...sourceServerIds])
    .execute();
  return new Set(rows.map((row) => row.source_server_id));
}
