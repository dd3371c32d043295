/**
 * A state folder stays with the kind of database it began with: started on another one, the control plane
 * would begin empty, and would turn away every program it has enrolled.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OperationError, readIfExists, writeDurably } from '@landfall/runtime';
import { SQLITE_FILE } from './sqlite-store.ts';

export type StoreKind = 'sqlite' | 'postgres';

const FILE = 'store-kind';

/** Before it is opened. Errors: STORE_CHANGED. */
export async function checkStoreKind(stateDir: string, kind: StoreKind): Promise<void> {
  const known = await readStoreKind(stateDir);
  if (known === undefined || known === kind) return;
  throw new OperationError('STORE_CHANGED', `the state of ${stateDir} is in ${known}, not in ${kind}`, {
    hint:
      known === 'postgres'
        ? 'start it with the --store it had'
        : 'start it without --store; PostgreSQL is for new state folders',
  });
}

/** Once it was opened. */
export async function noteStoreKind(stateDir: string, kind: StoreKind): Promise<void> {
  if ((await readIfExists(join(stateDir, FILE))) === undefined) {
    await writeDurably(join(stateDir, FILE), `${kind}\n`);
  }
}

/** Folders of earlier versions say nothing and have SQLite. */
async function readStoreKind(stateDir: string): Promise<string | undefined> {
  const told = await readIfExists(join(stateDir, FILE));
  if (told !== undefined) return told.trim();
  return existsSync(join(stateDir, SQLITE_FILE)) ? 'sqlite' : undefined;
}
