/**
 * The control plane's memory: one SQLite file beside a lock file.
 *
 * S1 One process owns the state folder: the lock is an open exclusive transaction on the lock file, which the
 *    kernel ends with the process, so a crash leaves nothing to clean up.
 * S2 A read that decides a write is in the same transaction; transactions run one after another.
 */

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OperationError } from '@landfall/runtime';
import { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { MIGRATIONS } from './migrations.ts';
import type { Database, Queries } from './schema.ts';
import { openSqliteFile, sqliteDialect } from './sqlite-dialect.ts';

const BUSY_TIMEOUT_MS = 5000;

export interface Store {
  readonly db: Queries;
  /** Runs `work` alone; what it throws undoes it. Inside, only the given `tx` may be used. */
  transaction<Result>(work: (tx: Queries) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

export async function openStore(stateDir: string): Promise<Store> {
  const unlock = lockStateDir(stateDir);
  try {
    const db = new Kysely<Database>({
      dialect: sqliteDialect(
        openSqliteFile({ path: join(stateDir, 'control-plane.sqlite'), busyTimeoutMs: BUSY_TIMEOUT_MS }),
      ),
    });
    await migrate(db);
    return {
      db,
      transaction: (work) => db.transaction().execute(work),
      close: async () => {
        await db.destroy();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

async function migrate(db: Kysely<Database>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  throw new OperationError(
    'STATE_UNREADABLE',
    `the state database could not be brought up to date: ${error}`,
    {
      hint: 'restore the state folder from a backup made by this or an earlier version',
      cause: error,
    },
  );
}

function lockStateDir(stateDir: string): () => void {
  const lock = new DatabaseSync(join(stateDir, 'control-plane.lock'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    throw new OperationError('STATE_IN_USE', `another control plane is using ${stateDir}`, {
      hint: 'stop it first, or give this one another --state-dir',
      cause,
    });
  }
  return () => lock.close();
}
