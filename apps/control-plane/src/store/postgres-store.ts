/** The store in a PostgreSQL database; the state folder still has the keys. */
import { Kysely, PostgresDialect } from 'kysely';
import { migrate } from './migrate.ts';
import { postgresDdlPlugin } from './postgres-ddl.ts';
import { PostgresSession, type PostgresSessionOptions } from './postgres-session.ts';
import { UnansweredWrites } from './row-changes.ts';
import type { Database } from './schema.ts';
import type { Store } from './store.ts';

/** Errors: STORE_UNAVAILABLE, STORE_REFUSED, STORE_UNSUPPORTED, STATE_IN_USE, STATE_UNREADABLE. */
export async function openPostgresStore(options: PostgresSessionOptions): Promise<Store> {
  const session = new PostgresSession(options);
  const unanswered = new UnansweredWrites();
  const dialect = new PostgresDialect({ pool: session });
  const db = new Kysely<Database>({ dialect, log: unanswered.log });
  try {
    await migrate(db.withPlugin(postgresDdlPlugin()));
    await session.claim();
  } catch (error) {
    await db.destroy();
    await session.end();
    throw error;
  }
  return {
    db,
    transaction: (work) => db.transaction().execute(work),
    unanswered,
    lost: session.lost,
    close: () => db.destroy(),
  };
}
