/** The files of a journal as the journal sees them: as they are, or through the keys of an encrypted one. */
import { type Logger, systemRandom } from '@landfall/runtime';
import { DataKeys, type EncryptionSettings } from '../encryption/data-keys.ts';
import { EncryptedJournalFiles } from '../encryption/encrypted-journal-files.ts';
import { KEYS_COPY_PATH, KEYS_PATH, readKeys } from '../encryption/keys-document.ts';
import { keyMissing } from '../encryption/wrapping-keys.ts';
import { FileJournalFiles } from './file-journal-files.ts';
import type { JournalFiles } from './journal-files.ts';

export interface JournalStorage {
  readonly files: JournalFiles;
  /** Of an encrypted journal. */
  readonly keys?: DataKeys;
}

export interface StorageSettings {
  readonly logger: Logger;
  readonly encryption?: EncryptionSettings;
}

/** Of a journal that exists. Errors: JOURNAL_DAMAGED, those of the wrapping keys. */
export async function openStorage(files: JournalFiles, options: StorageSettings): Promise<JournalStorage> {
  const { encryption: settings, logger } = options;
  if (settings === undefined) {
    if ((await readKeys(files, logger)) === undefined) return { files };
    throw keyMissing('the journal is encrypted, and no encryption key was given');
  }
  const keys = await DataKeys.open({ files, settings, logger });
  return keys === undefined ? { files } : encrypted(files, settings, keys, logger);
}

/** Of a journal that is created: nothing of another one is in the folder. */
export async function newStorage(files: JournalFiles, options: StorageSettings): Promise<JournalStorage> {
  const { encryption: settings, logger } = options;
  if (settings === undefined || settings.encryptsNew === false) return { files };
  return encrypted(files, settings, await DataKeys.create({ files, settings, logger }), logger);
}

function encrypted(
  files: JournalFiles,
  { random = systemRandom }: EncryptionSettings,
  keys: DataKeys,
  logger: Logger,
): JournalStorage {
  return { files: new EncryptedJournalFiles({ files, keys, random, logger }), keys };
}

/** Whether a key is needed for one of the journals in the folders of a staging area. */
export async function holdsEncryptedJournals(stagingFolder: string): Promise<boolean> {
  const files = new FileJournalFiles(stagingFolder);
  for (const name of await files.list('')) {
    for (const path of [KEYS_PATH, KEYS_COPY_PATH]) {
      if ((await files.list(name)).includes(path)) return true;
    }
  }
  return false;
}
