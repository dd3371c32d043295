/**
 * One process owns the state folder, whatever database the tables are in: there are keys and certificates in
 * it, too. The lock is an open exclusive transaction on the lock file, which the kernel ends with the
 * process.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OperationError } from '@landfall/runtime';

/** Answers what gives it back. Errors: STATE_IN_USE. */
export function lockStateDir(stateDir: string): () => void {
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
