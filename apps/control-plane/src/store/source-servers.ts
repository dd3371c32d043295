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

/** Of servers that are not archived, the newest that an inventory or its installer named so. */
export async function findServerByProvidedId(
  db: Queries,
  userProvidedId: string,
): Promise<SourceServerRecord | undefined> {
  const row = await db
    .selectFrom('source_server')
    .select('document')
    .where('user_provided_id', '=', userProvidedId)
    .where('is_archived', '=', 0)
    .orderBy('created_at_ms', 'desc')
    .executeTakeFirst();
  return row === undefined ? undefined : decodeDocument(row.document);
}

export async function countActiveServers(db: Queries): Promise<number> {
  const row = await db
    .selectFrom('source_server')
    .select((query) => query.fn.countAll<number>().as('count'))
    .where('is_archived', '=', 0)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export async function countServersIn(db: Queries, applicationId: string): Promise<number> {
  const row = await db
    .selectFrom('source_server')
    .select((query) => query.fn.countAll<number>().as('count'))
    .where('application_id', '=', applicationId)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** A page of the servers that are not archived, in the order of their ids. */
export async function listActiveServersAfter(
  db: Queries,
  after: string,
  limit: number,
): Promise<readonly SourceServerRecord[]> {
  const rows = await db
    .selectFrom('source_server')
    .select('document')
    .where('is_archived', '=', 0)
    .where('source_server_id', '>', after)
    .orderBy('source_server_id')
    .limit(limit)
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
    user_provided_id: server.userProvidedId ?? null,
    application_id: server.applicationId ?? null,
    document: encodeDocument(server),
  };
}
