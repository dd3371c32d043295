/**
 * Opens journals for tests, on the storage this run of them is for: plain, or encrypted when
 * `LANDFALL_JOURNAL_ENCRYPTED` is set, as `encrypted-journal.test.ts` does before it runs them all again.
 */
import { type Random, seededRandom, silentLogger, systemRandom } from '@landfall/runtime';
import type { EncryptionSettings } from './encryption/data-keys.ts';
import { ENCRYPTED_HEADER_BYTES } from './encryption/encrypted-header.ts';
import { LocalWrappingKeys } from './encryption/wrapping-keys.ts';
import type { JournalGroup } from './group/journal-group.ts';
import {
  type JournalGroupSettings,
  type OpenJournalGroupOptions,
  openJournalGroup,
  openJournalGroupOn,
} from './group/open-journal-group.ts';
import type { JournalFiles } from './storage/journal-files.ts';
import { openStorage } from './storage/journal-storage.ts';
import { SimulatedJournalFiles } from './storage/simulated-journal-files.ts';

export const isEncryptedRun = process.env.LANDFALL_JOURNAL_ENCRYPTED === '1';
/** Where the content of a file begins in it. */
export const CONTENT_AT = isEncryptedRun ? ENCRYPTED_HEADER_BYTES : 0;
/** Everybody may know it: it has never protected anything. */
export const TEST_WRAPPING_KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => index));

export function testEncryption(
  keys: readonly Buffer[] = [TEST_WRAPPING_KEY],
  random: Random = systemRandom,
): EncryptionSettings {
  return { wrapping: new LocalWrappingKeys('the test', async () => keys, random), random };
}

export function openTestGroupOn(files: JournalFiles, settings: JournalGroupSettings): Promise<JournalGroup> {
  // What encryption needs of a disk, and a plain journal does not.
  if (isEncryptedRun && files instanceof SimulatedJournalFiles) files.sectorsAreAtomic = true;
  const encryption = testEncryption(undefined, seededRandom(1));
  return openJournalGroupOn(files, { ...(isEncryptedRun ? { encryption } : {}), ...settings });
}

export function openTestGroup(options: OpenJournalGroupOptions): Promise<JournalGroup> {
  return openJournalGroup({ ...(isEncryptedRun ? { encryption: testEncryption() } : {}), ...options });
}

/** Where a text stands in a file of a journal: places in the file itself, also of an encrypted one. */
export async function placesOf(files: JournalFiles, path: string, text: string): Promise<readonly number[]> {
  const file = await (await contentFilesOf(files)).open(path);
  const content = Buffer.alloc(await file.sizeBytes());
  await file.read(0, content);
  await file.close();
  const places: number[] = [];
  for (let at = content.indexOf(text); at >= 0; at = content.indexOf(text, at + 1)) {
    places.push(CONTENT_AT + at);
  }
  return places;
}

/** The files as the journal in them sees them. */
export async function contentFilesOf(files: JournalFiles): Promise<JournalFiles> {
  const encryption = testEncryption(undefined, seededRandom(1));
  return (await openStorage(files, { logger: silentLogger, encryption })).files;
}
