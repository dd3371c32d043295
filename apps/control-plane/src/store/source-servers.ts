/** Source servers: one row each, the record whole in its document. */
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import { decodeDocument, encodeDocument } from './document.ts';
import { type Cut, isBehind } from './listing.ts';
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

/** What is absent or empty filters nothing. */
export interface ServerFilter {
  readonly sourceServerIds?: readonly string[] | undefined;
  readonly isArchived?: boolean | undefined;
  readonly lifeCycleStates?: readonly string[] | undefined;
  readonly applicationIds?: readonly string[] | undefined;
}

/** Oldest first, so that pages stay in place when servers are added. */
export async function listServers(
  db: Queries,
  { sourceServerIds = [], isArchived, lifeCycleStates = [], applicationIds = [] }: ServerFilter,
  { limit, after }: Cut,
): Promise<readonly SourceServerRecord[]> {
  let found = db.selectFrom('source_server').select('document');
  if (sourceServerIds.length > 0) found = found.where('source_server_id', 'in', [...sourceServerIds]);
  if (isArchived !== undefined) found = found.where('is_archived', '=', isArchived ? 1 : 0);
  if (lifeCycleStates.length > 0) found = found.where('life_cycle_state', 'in', [...lifeCycleStates]);
  if (applicationIds.length > 0) found = found.where('application_id', 'in', [...applicationIds]);
  if (after !== undefined) found = found.where(isBehind(PLACE, after));
  const rows = await found.orderBy('created_at_ms').orderBy('source_server_id').limit(limit).execute();
  return rows.map((row) => decodeDocument(row.document));
}

const PLACE = { at: 'created_at_ms', id: 'source_server_id' } as const;
const SERVERS_AT_ONCE = 200;

/** All servers, oldest first, some at a time: however many there are, few are in memory. */
export async function* eachServers(db: Queries): AsyncGenerator<readonly SourceServerRecord[]> {
  let cut: Cut | undefined = { limit: SERVERS_AT_ONCE };
  while (cut !== undefined) {
    const servers: readonly SourceServerRecord[] = await listServers(db, {}, cut);
    if (servers.length > 0) yield servers;
    const last = servers.at(-1);
    cut =
      last === undefined || servers.length < SERVERS_AT_ONCE
        ? undefined
        : { limit: SERVERS_AT_ONCE, after: { atMs: last.createdAtMs, id: last.sourceServerId } };
  }
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
    .orderBy('source_server_id')
    .execute();
  return rows.map((row) => decodeDocument(row.document));
}

/** How many disks each replication server has; those without any are left out. */
export async function countDisksByHome(db: Queries): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('source_server')
    .select((query) => ['replication_server_id', query.fn.sum<number>('disks').as('disks')])
    .where('replication_server_id', 'is not', null)
    .groupBy('replication_server_id')
    .execute();
  return new Map(
    rows.flatMap(({ replication_server_id: id, disks }) => (id === null ? [] : [[id, Number(disks)]])),
  );
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
    .orderBy('source_server_id')
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
    disks: server.disks.length,
    document: encodeDocument(server),
  };
}
