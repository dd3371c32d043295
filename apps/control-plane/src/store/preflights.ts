/** Preflights: one row a server, with its last result and what is to be done next. */
import type { PointSelector, PreflightResult, RecoveryPoint } from '@landfall/model';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import { decodeDocument, encodeDocument } from './document.ts';
import type { Queries } from './schema.ts';

export interface PreflightRecord {
  readonly preflightId: string;
  readonly sourceServerId: string;
  readonly trigger: 'FIRST_POINT' | 'REQUESTED';
  readonly at: PointSelector;
  readonly createdAtMs: number;
  /** WAITING: for a launch host, or for the time of the next attempt. */
  readonly state: 'WAITING' | 'RUNNING' | 'COMPLETE' | 'FAILED';
  /** That failed. */
  readonly attempts: number;
  readonly nextAttemptAtMs: number;
  /** Why it waits, or FAILED. */
  readonly reason?: string | undefined;
  /** Of this attempt; it stays the same over a restart of the control plane. */
  readonly recoveryPoint?: RecoveryPoint | undefined;
  /** All that may be open. */
  readonly exports: readonly OpenExport[];
  /** The last complete one, of whatever preflight of this server. */
  readonly report?: PreflightReport | undefined;
}

export interface OpenExport {
  readonly exportId: string;
  readonly replicationServerId: string;
}

export interface PreflightReport {
  readonly recoveryPoint: RecoveryPoint;
  readonly inspectedAtMs: number;
  readonly result: PreflightResult;
}

export async function findPreflight(
  db: Queries,
  sourceServerId: string,
): Promise<PreflightRecord | undefined> {
  const row = await db
    .selectFrom('preflight')
    .select('document')
    .where('source_server_id', '=', sourceServerId)
    .executeTakeFirst();
  return row === undefined ? undefined : decodeDocument(row.document);
}

/** In the place of what the server had. */
export async function savePreflight(tx: Queries, preflight: PreflightRecord): Promise<void> {
  const { state, exports } = preflight;
  const columns = { state, exports: exports.length, document: encodeDocument(preflight) };
  await tx
    .insertInto('preflight')
    .values({ source_server_id: preflight.sourceServerId, ...columns })
    .onConflict((conflict) => conflict.column('source_server_id').doUpdateSet(columns))
    .execute();
}

/** Those that are to be done, and those that have left something open. */
export async function listUnfinishedPreflights(db: Queries): Promise<readonly PreflightRecord[]> {
  const rows = await db
    .selectFrom('preflight')
    .select('document')
    .where((is) => is.or([is('state', 'in', ['WAITING', 'RUNNING']), is('exports', '>', 0)]))
    .execute();
  return rows.map((row) => decodeDocument(row.document));
}

/** Servers with recovery points that were never inspected. */
export async function listNeverInspected(db: Queries): Promise<readonly SourceServerRecord[]> {
  const rows = await db
    .selectFrom('source_server')
    .leftJoin('preflight', 'preflight.source_server_id', 'source_server.source_server_id')
    .select('source_server.document')
    .where('preflight.source_server_id', 'is', null)
    .where('source_server.life_cycle_state', '!=', 'NOT_READY')
    .where('source_server.is_archived', '=', 0)
    .execute();
  return rows.map((row) => decodeDocument(row.document));
}
