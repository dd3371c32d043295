/** The store in one SQLite file of the state folder: the default. */
import { join } from 'node:path';
import { Kysely } from 'kysely';
import { migrate } from './migrate.ts';
import type { Database } from './schema.ts';
import { openSqliteFile, sqliteDialect } from './sqlite-dialect.ts';
import { lockStateDir } from './sqlite-state-lock.ts';
import type { Store } from './store.ts';

export const SQLITE_FILE = 'control-plane.sqlite';
const BUSY_TIMEOUT_MS = 5000;

/** Errors: STATE_IN_USE, STATE_UNREADABLE. */
export async function openSqliteStore(stateDir: string): Promise<Store> {
  const unlock = lockStateDir(stateDir);
  try {
    const file = openSqliteFile({ path: join(stateDir, SQLITE_FILE), busyTimeoutMs: BUSY_TIMEOUT_MS });
    const db = new Kysely<Database>({ dialect: sqliteDialect(file) });
    await migrate(db);
    return {
      db,
      transaction: (work) => db.transaction().execute(work),
      // The kernel gives a lock back when its process ends, and not before.
      lost: new Promise(() => undefined),
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
