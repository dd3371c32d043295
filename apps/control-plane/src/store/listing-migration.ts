/** What lists of thousands are found by. A released migration is never changed. */
import type { Kysely } from 'kysely';
import { decodeDocument } from './document.ts';
import type { Queries } from './schema.ts';

const INDEXES = {
  source_server_made: ['source_server', ['created_at_ms', 'source_server_id']],
  source_server_state: ['source_server', ['life_cycle_state', 'created_at_ms', 'source_server_id']],
  source_server_home: ['source_server', ['replication_server_id', 'disks']],
  job_made: ['job', ['created_at_ms', 'job_id']],
  job_status: ['job', ['status']],
  job_server_server: ['job_server', ['source_server_id']],
  job_log_order: ['job_log', ['job_id', 'sequence']],
  machine_made: ['machine', ['created_at_ms', 'machine_id']],
  boot_proof_open: ['boot_proof', ['is_open', 'created_at_ms']],
  preflight_state: ['preflight', ['state', 'source_server_id']],
  server_group_made: ['server_group', ['kind', 'created_at_ms', 'group_id']],
  inventory_task_made: ['inventory_task', ['kind', 'created_at_ms', 'task_id']],
  program_role: ['program', ['role', 'enrolled_at_ms']],
} as const satisfies Readonly<Record<string, readonly [table: string, columns: readonly string[]]>>;

export async function createListingIndexes(db: Kysely<unknown>): Promise<void> {
  await countDisks(db);
  for (const [name, [table, columns]] of Object.entries(INDEXES)) {
    await db.schema
      .createIndex(name)
      .on(table)
      .columns([...columns])
      .execute();
  }
}

/** Servers there are have them in their documents. */
async function countDisks(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('source_server')
    .addColumn('disks', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  const queries = db as Queries;
  const rows = await queries.selectFrom('source_server').select(['source_server_id', 'document']).execute();
  for (const { source_server_id, document } of rows) {
    const { disks } = decodeDocument<{ readonly disks: readonly unknown[] }>(document);
    await queries
      .updateTable('source_server')
      .set({ disks: disks.length })
      .where('source_server_id', '=', source_server_id)
      .execute();
  }
}
