/** Connectors: what stands in for one in a customer's network, as the public API keeps it. */
import type { Mgn } from '@landfall/api';
import type { Kysely } from 'kysely';
import { decodeDocument, encodeDocument } from './document.ts';
import type { Queries } from './schema.ts';

export interface ConnectorTable {
  connector_id: string;
  created_at_ms: number;
  document: string;
}

export interface ConnectorRecord {
  readonly connectorId: string;
  readonly name: string;
  readonly ssmInstanceId: string;
  readonly ssmCommandConfig?: Mgn.ConnectorSsmCommandConfig | undefined;
  readonly createdAtMs: number;
  readonly tags: Readonly<Record<string, string>>;
}

export async function createConnectorTable(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('connector')
    .addColumn('connector_id', 'text', (column) => column.primaryKey())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .execute();
}

export async function insertConnector(tx: Queries, connector: ConnectorRecord): Promise<void> {
  const { connectorId, createdAtMs } = connector;
  const document = encodeDocument(connector);
  await tx
    .insertInto('connector')
    .values({ connector_id: connectorId, created_at_ms: createdAtMs, document })
    .execute();
}

export async function findConnector(db: Queries, connectorId: string): Promise<ConnectorRecord | undefined> {
  const row = await db
    .selectFrom('connector')
    .select('document')
    .where('connector_id', '=', connectorId)
    .executeTakeFirst();
  return row === undefined ? undefined : decodeDocument(row.document);
}

/** Oldest first. */
export async function listConnectors(db: Queries): Promise<readonly ConnectorRecord[]> {
  const rows = await db
    .selectFrom('connector')
    .select('document')
    .orderBy('created_at_ms')
    .orderBy('connector_id')
    .execute();
  return rows.map((row) => decodeDocument(row.document));
}

export async function saveConnector(tx: Queries, connector: ConnectorRecord): Promise<void> {
  await tx
    .updateTable('connector')
    .set({ document: encodeDocument(connector) })
    .where('connector_id', '=', connector.connectorId)
    .execute();
}

export async function deleteConnector(tx: Queries, connectorId: string): Promise<void> {
  await tx.deleteFrom('connector').where('connector_id', '=', connectorId).execute();
}
