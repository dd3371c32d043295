/** The tables of users, roles, policies and the audit log. A released migration is never changed. */
import type { Kysely } from 'kysely';

export async function createPolicyTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('access_key')
    .addColumn('status', 'text', (column) => column.notNull().defaultTo('ACTIVE'))
    .execute();
  await db.schema
    .createTable('identity')
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('identity_id', 'text', (column) => column.notNull().unique())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('identity_key', ['kind', 'name'])
    .execute();
  await db.schema
    .createTable('policy')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('updated_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('policy_attachment')
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('identity_name', 'text', (column) => column.notNull())
    .addColumn('policy_name', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('policy_attachment_key', ['kind', 'identity_name', 'policy_name'])
    .execute();
}

export async function createAuditTable(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('audit_event')
    .addColumn('sequence', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('event_id', 'text', (column) => column.notNull())
    .addColumn('event_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('principal', 'text')
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('signature', 'text')
    .addColumn('document', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('audit_event_id').on('audit_event').column('event_id').execute();
  await db.schema.createIndex('audit_event_time').on('audit_event').column('event_at_ms').execute();
}
