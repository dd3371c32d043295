/** Tables of what is launched and of what runs in it then. */
import type { Kysely } from 'kysely';

export async function createLaunchTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('launch_template')
    .addColumn('launch_template_id', 'text', (column) => column.primaryKey())
    .addColumn('source_server_id', 'text', (column) => column.notNull().unique())
    .addColumn('document', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('launch_template_version')
    .addColumn('launch_template_id', 'text', (column) => column.notNull())
    .addColumn('version_number', 'integer', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('launch_template_version_key', ['launch_template_id', 'version_number'])
    .execute();
  await db.schema
    .createTable('post_launch_action')
    .addColumn('owner_id', 'text', (column) => column.notNull())
    .addColumn('action_id', 'text', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('post_launch_action_key', ['owner_id', 'action_id'])
    .execute();
  await createScriptTables(db);
}

async function createScriptTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('script_document')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('script_document_key', ['name', 'version'])
    .execute();
  await db.schema
    .createTable('script_parameter')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('document', 'text', (column) => column.notNull())
    .execute();
}
