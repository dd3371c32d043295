/**
 * `keys.json` of a journal (FORMAT.md, "Encryption"), and its copy: every data key, wrapped, oldest first.
 */
import type { Logger, OperationError } from '@landfall/runtime';
import {
  decodeDocument,
  encodeDocument,
  isDocument,
  type PlainDocument,
} from '../documents/sealed-document.ts';
import { journalDamaged, versionUnsupported } from '../journal-errors.ts';
import type { JournalFiles } from '../storage/journal-files.ts';
import type { WrappedKey } from './wrapping-keys.ts';

/** In `requires` of `group.json`: a program that does not know it must not open the journal. */
export const ENCRYPTION_FEATURE = 'encryption';
export const KEYS_PATH = 'keys.json';
export const KEYS_COPY_PATH = 'keys-copy.json';
const FORMAT = 'landfall-journal-keys';
const VERSION = 1;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export interface StoredKey extends WrappedKey {
  /** A UUID. */
  readonly keyId: string;
  /** Of the rotation it was made in; empty when there had been none. */
  readonly rotationId: string;
  /** Tells whether what unwrapping gave is this key. */
  readonly check: string;
}

export interface FoundKeys {
  readonly keys: readonly StoredKey[];
  /** Both copies are there and the same. */
  readonly isWhole: boolean;
}

/** The first before the second: whoever is interrupted leaves the newer one where it is looked for first. */
export async function writeKeys(files: JournalFiles, keys: readonly StoredKey[]): Promise<void> {
  const dataKeys = keys.map(({ keyId, rotationId, check, wrappingKeyId, wrapped }) => ({
    ...{ keyId, rotationId, check, wrappingKeyId, wrapped },
  }));
  const text = encodeDocument({ format: FORMAT, version: VERSION, requires: [], dataKeys });
  await files.replace(KEYS_PATH, text);
  await files.replace(KEYS_COPY_PATH, text);
}

/**
 * `undefined` when there are none. A copy that is damaged is told of; the other one serves. Errors:
 * JOURNAL_DAMAGED, JOURNAL_VERSION_UNSUPPORTED.
 */
export async function readKeys(files: JournalFiles, logger: Logger): Promise<FoundKeys | undefined> {
  const texts = await Promise.all([KEYS_PATH, KEYS_COPY_PATH].map((path) => files.readWhole(path)));
  if (texts.every((text) => text === undefined)) return undefined;
  const [first, second] = texts.map((text) => (text === undefined ? undefined : decodeKeys(text.toString())));
  const keys = first ?? second;
  if (keys === undefined) throw keysDamaged();
  const isWhole = texts[0] !== undefined && texts[1] !== undefined && texts[0].equals(texts[1]);
  if (first === undefined) logger.error('journal-keys-damaged', { path: KEYS_PATH, used: KEYS_COPY_PATH });
  // One that is older than the first is what an interrupted change left; one that is no document is damaged.
  if (second === undefined) logger.error('journal-keys-damaged', { path: KEYS_COPY_PATH, used: KEYS_PATH });
  return { keys, isWhole };
}

/** The journal says that it is encrypted, and its keys are not there. */
export function keysDamaged(): OperationError {
  const what = `no whole copy of the data keys is left, here or in ${KEYS_COPY_PATH}`;
  return journalDamaged({ path: KEYS_PATH, positionBytes: 0, what });
}

/** `undefined` when a byte of it has changed. Errors: JOURNAL_VERSION_UNSUPPORTED. */
function decodeKeys(text: string): readonly StoredKey[] | undefined {
  const document = decodeDocument(text);
  if (document?.format !== FORMAT) return undefined;
  const isKnown = document.version === VERSION && JSON.stringify(document.requires) === '[]';
  if (!isKnown) throw versionUnsupported(KEYS_PATH, document, VERSION);
  const entries = Array.isArray(document.dataKeys) ? document.dataKeys : [];
  const keys = entries.flatMap((entry) => (isDocument(entry) ? (storedKey(entry) ?? []) : []));
  return keys.length === entries.length && keys.length > 0 ? keys : undefined;
}

function storedKey(entry: PlainDocument): StoredKey | undefined {
  const { keyId, rotationId, check, wrappingKeyId, wrapped } = entry;
  if (typeof keyId !== 'string' || !UUID.test(keyId) || typeof rotationId !== 'string') return undefined;
  if (typeof check !== 'string' || typeof wrappingKeyId !== 'string' || typeof wrapped !== 'string') {
    return undefined;
  }
  return { keyId, rotationId, check, wrappingKeyId, wrapped };
}
