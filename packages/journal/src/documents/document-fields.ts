/**
 * The documents of a journal, read with their format and version checked: a document whose checksum does not
 * hold, or whose members are not what they should be, is damage and never guessed at.
 */
import type { OperationError } from '@landfall/runtime';
import { ENCRYPTION_FEATURE, keysDamaged } from '../encryption/keys-document.ts';
import { journalDamaged, versionUnsupported } from '../journal-errors.ts';
import type { JournalFiles } from '../storage/journal-files.ts';
import { decodeDocument, isDocument, type PlainDocument, type PlainValue } from './sealed-document.ts';

/** `undefined` when there is none. Errors: JOURNAL_DAMAGED, JOURNAL_VERSION_UNSUPPORTED. */
export async function readDocument(
  files: JournalFiles,
  path: string,
  { format, versions }: { readonly format: string; readonly versions: readonly number[] },
): Promise<PlainDocument | undefined> {
  const bytes = await files.readWhole(path);
  if (bytes === undefined) return undefined;
  const document = decodeDocument(bytes.toString('utf8'));
  if (document === undefined || document.format !== format) {
    throw journalDamaged({ path, positionBytes: 0, what: 'its checksum does not match its content' });
  }
  const requires = Array.isArray(document.requires) ? document.requires : ['?'];
  const { features = [] } = files;
  if (requires.includes(ENCRYPTION_FEATURE) && !features.includes(ENCRYPTION_FEATURE)) throw keysDamaged();
  const known = requires.every((feature) => features.includes(String(feature)));
  if (!known || !versions.includes(Number(document.version)))
    throw versionUnsupported(path, document, newest(versions));
  return document;
}

export function newest(versions: readonly number[]): number {
  return Math.max(...versions);
}

/** Typed access to a document whose checksum held: a wrong shape is damage all the same. */
export class DocumentFields {
  readonly document: PlainDocument;
  readonly #path: string;

  constructor(path: string, value: PlainValue) {
    this.#path = path;
    if (!isDocument(value)) throw this.damaged('an entry');
    this.document = value;
  }

  text(name: string): string {
    const value = this.document[name];
    if (typeof value !== 'string') throw this.damaged(name);
    return value;
  }

  whole(name: string): number {
    const value = this.document[name];
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw this.damaged(name);
    return value;
  }

  list(name: string): readonly PlainValue[] {
    const value = this.document[name];
    if (!Array.isArray(value)) throw this.damaged(name);
    return value;
  }

  damaged(name: string): OperationError {
    return journalDamaged({ path: this.#path, positionBytes: 0, what: `${name} has no valid value` });
  }
}
