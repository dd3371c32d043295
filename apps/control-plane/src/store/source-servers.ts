/** Source servers: one row each, the record whole in its document. */
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import { decodeDocument, encodeDocument } from './document.ts';
import type { Queries } from './schema.ts';

export async function insertServer(tx: Queries, server: SourceServerRecord): Promise<void> {
  await tx
    .insertInto('source_server')
    .values({
      source_server_id: server.sourceServerId,
      created_at_ms: server.createdAtMs,
      ...columnsOf(server),
    })
    .execute();
}

export async function findServer(
  db: Queries,
  sourceServerId: string,
): Promise<SourceServerRecord | undefined> {
  const row = await db
    .selectFrom('source_server')
    .select('document')
    .where('source_server_id', '=', sourceServerId)
    .executeTakeFirst();
  return row === undefined ? undefined : decodeDocument(row.document);
}

/** Oldest first, so that pages stay in place when servers are added. */
export async function listServers(db: Queries): Promise<readonly SourceServerRecord[]> {
  const rows = await db
    .selectFrom('source_server')
    .select('document')
    .orderBy('created_at_ms')
    .orderBy('source_server_id')
    .execute();
  return rows.map((row) => decodeDocument(row.document));
}

export async function listServersOf(
  db: Queries,
  replicationServerId: string,
): Promise<readonly SourceServerRecord[]> {
  const rows = await db
    .selectFrom('source_server')
    .select('document')
    .where('replication_server_id', '=', replicationServerId)
    .orderBy('created_at_ms')
    .execute();
  return rows.map((row) => decodeDocument(row.document));
}

/** The members of these applications, archived ones too. */
export async function listServersIn(
  db: Queries,
  applicationIds: readonly string[],
): Promise<readonly SourceServerRecord[]> {
  const rows = await db
    .selectFrom('source_server')
    .select('document')
    .where('application_id', 'in', [...applicationIds])
    .orderBy('created_at_ms')
    .orderBy('source_server_id')
    .execute();
  return rows.map((row) => decodeDocument(row.document));
}

export async function saveServer(tx: Queries, server: SourceServerRecord): Promise<void> {
  await tx
    .updateTable('source_server')
    .set(columnsOf(server))
    .where('source_server_id', '=', server.sourceServerId)
    .execute();
}

/** Changes a server that is still there; `undefined` when it was deleted meanwhile. */
export async function changeServer(
  tx: Queries,
  sourceServerId: string,
  change: (server: SourceServerRecord) => SourceServerRecord,
): Promise<SourceServerRecord | undefined> {
  const server = await findServer(tx, sourceServerId);
  if (server === undefined) return undefined;
  const changed = change(server);
  if (changed !== server) await saveServer(tx, changed);
  return changed;
}

export async function deleteServer(tx: Queries, sourceServerId: string): Promise<void> {
  await tx.deleteFrom('source_server').where('source_server_id', '=', sourceServerId).execute();
}

function columnsOf(server: SourceServerRecord) {
  return {
    life_cycle_state: server.lifeCycle.state,
    is_archived: server.isArchived ? 1 : 0,
    replication_server_id: server.replicationServerId,
    application_id: server.applicationId ?? null,
    document: encodeDocument(server),
  };
}
