/**
 * Applications and waves in one table: a server has at most one application and an application at most one
 * wave, so it is a tree of two levels above the servers.
 */
import type { Kysely } from 'kysely';

export interface ServerGroupTable {
  group_id: string;
  kind: string;
  /** The name as names are compared: no two groups of a kind have the same, archived ones included. */
  name_key: string;
  /** Of an application, its wave. */
  parent_id: string | null;
  is_archived: number;
  created_at_ms: number;
  document: string;
}

export async function createGroupTable(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('server_group')
    .addColumn('group_id', 'text', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull())
    .addColumn('parent_id', 'text')
    .addColumn('is_archived', 'integer', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addUniqueConstraint('server_group_name', ['kind', 'name_key'])
    .execute();
  await db.schema.createIndex('server_group_parent').on('server_group').column('parent_id').execute();
  await db.schema.alterTable('source_server').addColumn('application_id', 'text').execute();
  await db.schema
    .createIndex('source_server_application')
    .on('source_server')
    .column('application_id')
    .execute();
}
