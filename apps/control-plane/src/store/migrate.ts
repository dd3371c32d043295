import { OperationError } from '@landfall/runtime';
import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { MIGRATIONS } from './migrations.ts';
import type { Database } from './schema.ts';

/** Errors: STATE_UNREADABLE, and what the database itself throws as an OperationError. */
export async function migrate(db: Kysely<Database>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  if (error instanceof OperationError) throw error;
  throw new OperationError(
    'STATE_UNREADABLE',
    `the state database could not be brought up to date: ${error}`,
    {
      hint: 'restore the state from a backup made by this or an earlier version',
      cause: error,
    },
  );
}
