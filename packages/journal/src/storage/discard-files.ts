/**
 * Removes a journal folder for good. A mark is left first and removed last: a discard that was interrupted is
 * finished by the next one, and what is left meanwhile is not taken for a damaged journal.
 */
import type { JournalFiles } from './journal-files.ts';

const DISCARDED_PATH = 'discarded';

export async function discardFiles(files: JournalFiles): Promise<void> {
  await files.replace(DISCARDED_PATH, 'This journal was discarded; what is left of it may be removed.\n');
  for (const name of await files.list('')) {
    if (name !== DISCARDED_PATH) await files.remove(name);
  }
  await files.syncFolder('');
  await files.remove('');
}

export async function isDiscarded(files: JournalFiles): Promise<boolean> {
  return (await files.readWhole(DISCARDED_PATH)) !== undefined;
}
