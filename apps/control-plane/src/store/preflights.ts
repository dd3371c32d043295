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

export interface UnfinishedPreflight {
  readonly preflight: PreflightRecord;
  /** `undefined` when it was deleted meanwhile. */
  readonly server: SourceServerRecord | undefined;
}

const PREFLIGHTS_AT_ONCE = 100;

/** Those that are to be done, and those that have left something open, with their servers: some at a time. */
export async function* eachUnfinishedPreflights(db: Queries): AsyncGenerator<readonly UnfinishedPreflight[]> {
  for (let after = ''; ; ) {
    const found = await listUnfinished(db, after);
    if (found.length > 0) yield found;
    const last = found.at(-1);
    if (last === undefined || found.length < PREFLIGHTS_AT_ONCE) return;
    after = last.preflight.sourceServerId;
  }
}

async function listUnfinished(db: Queries, after: string): Promise<readonly UnfinishedPreflight[]> {
  const rows = await db
    .selectFrom('preflight')
    .leftJoin('source_server', 'source_server.source_server_id', 'preflight.source_server_id')
    .select(['preflight.document as preflight', 'source_server.document as server'])
    .where((is) =>
      is.or([is('preflight.state', 'in', ['WAITING', 'RUNNING']), is('preflight.exports', '>', 0)]),
    )
    .where('preflight.source_server_id', '>', after)
    .orderBy('preflight.source_server_id')
    .limit(PREFLIGHTS_AT_ONCE)
    .execute();
  return rows.map(({ preflight, server }) => ({
    preflight: decodeDocument(preflight),
    server: server === null ? undefined : decodeDocument(server),
  }));
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
    .orderBy('source_server.source_server_id')
    .execute();
  return rows.map((row) => decodeDocument(row.document));
}
