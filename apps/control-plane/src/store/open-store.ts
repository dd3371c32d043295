import type { Clock, Logger, Random } from '@landfall/runtime';
import { checkStoreKind, noteStoreKind } from './file-store-kind.ts';
import { openPostgresStore } from './postgres-store.ts';
import { lockStateDir } from './sqlite-state-lock.ts';
import { openSqliteStore } from './sqlite-store.ts';
import type { Store, StoreLocation } from './store.ts';

export interface OpenStoreOptions {
  readonly stateDir: string;
  /** Absent: SQLite in the state folder. */
  readonly location: StoreLocation | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Errors: STATE_IN_USE, STATE_UNREADABLE, STORE_CHANGED, and those of PostgreSQL. */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const { stateDir, location } = options;
  const kind = location === undefined ? 'sqlite' : 'postgres';
  await checkStoreKind(stateDir, kind);
  const store =
    location === undefined ? await openSqliteStore(stateDir) : await openLocked({ ...options, location });
  await noteStoreKind(stateDir, kind);
  return store;
}

/** S1, for the folder and for the database. */
async function openLocked({
  stateDir,
  ...session
}: OpenStoreOptions & { readonly location: StoreLocation }): Promise<Store> {
  const unlock = lockStateDir(stateDir);
  try {
    const store = await openPostgresStore(session);
    return { ...store, close: () => store.close().finally(unlock) };
  } catch (error) {
    unlock();
    throw error;
  }
}
