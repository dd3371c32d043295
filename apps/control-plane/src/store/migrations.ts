/** The schema's history: a migration is never changed once released, only followed by another. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { createConnectorTable } from './connectors.ts';
import { createGroupTable } from './group-table.ts';
import { createAuditTable, createPolicyTables } from './identity-migration.ts';
import { createInventoryTables } from './inventory-tasks.ts';
import { createLaunchTables } from './launch-migrations.ts';
import { createListingIndexes } from './listing-migration.ts';
import { createReplicationMetricTable } from './replication-metrics.ts';
import { createWebhookTables } from './webhook-tables.ts';

export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-first': {
    up: async (db: Kysely<unknown>) => {
      await createIdentityTables(db);
      await createServerTables(db);
      await createJobTables(db);
    },
  },
  '0002-certificate-renewal': {
    up: async (db: Kysely<unknown>) => {
      await db.schema.alterTable('program').addColumn('next_certificate', 'text').execute();
    },
  },
  '0003-proofs': { up: createProofTable },
  '0004-preflights': { up: createPreflightTable },
  '0005-applications-and-waves': { up: createGroupTable },
  '0006-connectors': { up: createConnectorTable },
  '0007-inventory': { up: createInventoryTables },
  '0008-boot-proofs': { up: createBootProofTable },
  '0009-launch-configuration': { up: createLaunchTables },
  '0010-identity': {
    up: async (db: Kysely<unknown>) => {
      await createPolicyTables(db);
      await createAuditTable(db);
    },
  },
  '0011-listings': { up: createListingIndexes },
  '0012-webhooks': { up: createWebhookTables },
  '0013-replication-metrics': { up: createReplicationMetricTable },
};

async function createBootProofTable(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('boot_proof')
    .addColumn('boot_proof_id', 'text', (column) => column.primaryKey())
    .addColumn('source_server_id', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('is_open', 'integer', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addColumn('screenshot', 'text')
    .execute();
  await db.schema
    .createIndex('boot_proof_server')
    .on('boot_proof')
    .columns(['source_server_id', 'created_at_ms'])
    .execute();
}

async function createPreflightTable(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('preflight')
    .addColumn('source_server_id', 'text', (column) => column.primaryKey())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('exports', 'integer', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .execute();
}

async function createProofTable(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('proof')
    .addColumn('proof_id', 'text', (column) => column.primaryKey())
    .addColumn('source_server_id', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('proof_server')
    .on('proof')
    .columns(['source_server_id', 'created_at_ms'])
    .execute();
}

async function createIdentityTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('setting')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('access_key')
    .addColumn('access_key_id', 'text', (column) => column.primaryKey())
    .addColumn('secret_access_key', 'text', (column) => column.notNull())
    .addColumn('principal', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('revoked_at_ms', 'bigint')
    .execute();
  await createTokenTables(db);
  await createProgramTable(db);
}

async function createTokenTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('enrolment_token')
    .addColumn('token_id', 'text', (column) => column.primaryKey())
    .addColumn('secret_hash', 'text', (column) => column.notNull().unique())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint')
    .addColumn('uses_max', 'integer', (column) => column.notNull())
    .addColumn('revoked_at_ms', 'bigint')
    .addColumn('document', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('enrolment_token_use')
    .addColumn('token_id', 'text', (column) => column.notNull())
    .addColumn('install_id', 'text', (column) => column.notNull())
    .addColumn('used_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('enrolment_token_use_key', ['token_id', 'install_id'])
    .execute();
}

async function createProgramTable(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('program')
    .addColumn('program_id', 'text', (column) => column.primaryKey())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('install_id', 'text', (column) => column.notNull())
    .addColumn('public_key_pem', 'text', (column) => column.notNull())
    .addColumn('certificate_fingerprint', 'text', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('enrolled_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('last_seen_at_ms', 'bigint')
    .addColumn('revoked_at_ms', 'bigint')
    .addColumn('report', 'text')
    .execute();
  await db.schema.createIndex('program_install').on('program').columns(['role', 'install_id']).execute();
}

async function createServerTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('source_server')
    .addColumn('source_server_id', 'text', (column) => column.primaryKey())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('life_cycle_state', 'text', (column) => column.notNull())
    .addColumn('is_archived', 'integer', (column) => column.notNull())
    .addColumn('replication_server_id', 'text')
    .addColumn('document', 'text', (column) => column.notNull())
    .execute();
  await createMachineTable(db);
  await db.schema
    .createTable('template')
    .addColumn('template_id', 'text', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .execute();
}

async function createMachineTable(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('machine')
    .addColumn('machine_id', 'text', (column) => column.primaryKey())
    .addColumn('source_server_id', 'text', (column) => column.notNull())
    .addColumn('job_id', 'text', (column) => column.notNull())
    .addColumn('launch_host_id', 'text', (column) => column.notNull())
    .addColumn('replication_server_id', 'text', (column) => column.notNull())
    .addColumn('on_host', 'integer', (column) => column.notNull())
    .addColumn('export_open', 'integer', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('machine_server').on('machine').column('source_server_id').execute();
}

async function createJobTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('job')
    .addColumn('job_id', 'text', (column) => column.primaryKey())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('initiated_by', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('ended_at_ms', 'bigint')
    .addColumn('document', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('job_server')
    .addColumn('job_id', 'text', (column) => column.notNull())
    .addColumn('source_server_id', 'text', (column) => column.notNull())
    .addColumn('launch_status', 'text', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('job_server_key', ['job_id', 'source_server_id'])
    .execute();
  await createJobDetailTables(db);
}

async function createJobDetailTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('job_step')
    .addColumn('job_id', 'text', (column) => column.notNull())
    .addColumn('source_server_id', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('result', 'text')
    .addColumn('started_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('ended_at_ms', 'bigint')
    .addPrimaryKeyConstraint('job_step_key', ['job_id', 'source_server_id', 'name'])
    .execute();
  await db.schema
    .createTable('job_log')
    .addColumn('sequence', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('job_id', 'text', (column) => column.notNull())
    .addColumn('once_key', 'text', (column) => column.notNull())
    .addColumn('logged_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addUniqueConstraint('job_log_once', ['job_id', 'once_key'])
    .execute();
}
