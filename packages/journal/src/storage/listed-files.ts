/** Files that the journal says are there: one that is not is damage, and not a storage that may recover. */
import { OperationError, systemErrorCode } from '@landfall/runtime';
import { journalDamaged } from '../journal-errors.ts';
import type { JournalFile, JournalFiles } from './journal-files.ts';

/** About the file itself, and not about whoever asks. */
const DAMAGE_CODES: ReadonlySet<string | undefined> = new Set([
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'ELOOP',
  'EIO',
]);

/** Errors: JOURNAL_DAMAGED, and those of the storage. */
export async function openListed(files: JournalFiles, path: string): Promise<JournalFile> {
  try {
    return await files.open(path);
  } catch (cause) {
    if (cause instanceof OperationError) throw cause;
    const code = systemErrorCode(cause);
    if (!DAMAGE_CODES.has(code)) throw cause;
    const what = code === 'ENOENT' ? 'it is missing' : 'it cannot be opened';
    throw journalDamaged({ path, positionBytes: 0, what, cause });
  }
}

/** Both, or none stays open. Errors: as `openListed`. */
export async function openListedPair(
  files: JournalFiles,
  [first, second]: readonly [string, string],
): Promise<readonly [JournalFile, JournalFile]> {
  const file = await openListed(files, first);
  try {
    return [file, await openListed(files, second)];
  } catch (error) {
    await file.close();
    throw error;
  }
}
