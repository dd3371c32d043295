/**
 * Encryption at rest, below everything (FORMAT.md, "Encryption"): the contract of `journal-files.ts` over
 * another storage. What `create` makes is encrypted, with the newest data key; documents, which `replace`
 * writes whole, stay readable, because they hold no content of a disk and are what one needs to find out
 * which key is wanted. Names are what they are.
 */
import type { KeyObject } from 'node:crypto';
import type { Logger, OperationError, Random } from '@landfall/runtime';
import { journalDamaged } from '../journal-errors.ts';
import type { JournalFile, JournalFiles } from '../storage/journal-files.ts';
import type { DataKeys } from './data-keys.ts';
import {
  decodeEncryptedHeader,
  ENCRYPTED_HEADER_BYTES,
  encodeEncryptedHeader,
  FILE_ID_BYTES,
  fileKeyOf,
} from './encrypted-header.ts';
import { EncryptedJournalFile, PADDING_BYTES } from './encrypted-journal-file.ts';
import { ENCRYPTION_FEATURE } from './keys-document.ts';

export interface EncryptedFilesOptions {
  readonly files: JournalFiles;
  readonly keys: DataKeys;
  readonly random: Random;
  readonly logger: Logger;
}

export class EncryptedJournalFiles implements JournalFiles {
  readonly features = [ENCRYPTION_FEATURE];
  readonly #files: JournalFiles;
  readonly #keys: DataKeys;
  readonly #random: Random;
  readonly #logger: Logger;
  /** Files whose header was found damaged; said once. */
  readonly #damaged = new Set<string>();

  constructor(options: EncryptedFilesOptions) {
    this.#files = options.files;
    this.#keys = options.keys;
    this.#random = options.random;
    this.#logger = options.logger;
  }

  async create(path: string): Promise<JournalFile> {
    const { keyId, key } = this.#keys.newest;
    const header = { keyId, fileId: this.#random.bytes(FILE_ID_BYTES) };
    const file = await this.#files.create(path);
    try {
      await file.write(0, [encodeEncryptedHeader(header), Buffer.alloc(PADDING_BYTES)]);
      return new EncryptedJournalFile(file, fileKeyOf(key, header));
    } catch (error) {
      // Should it stay, the next opening removes it.
      await Promise.allSettled([file.close(), this.#files.remove(path)]);
      throw error;
    }
  }

  async open(path: string): Promise<JournalFile> {
    const file = await this.#files.open(path);
    try {
      return new EncryptedJournalFile(file, await this.#fileKey(file, path));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  readWhole(path: string): Promise<Buffer | undefined> {
    return this.#files.readWhole(path);
  }

  replace(path: string, content: string): Promise<void> {
    return this.#files.replace(path, content);
  }

  ensureFolder(path: string): Promise<void> {
    return this.#files.ensureFolder(path);
  }

  list(path: string): Promise<string[]> {
    return this.#files.list(path);
  }

  syncFolder(path: string): Promise<void> {
    return this.#files.syncFolder(path);
  }

  remove(path: string): Promise<void> {
    return this.#files.remove(path);
  }

  allocatedBytes(path?: string): Promise<number> {
    return this.#files.allocatedBytes(path);
  }

  freeBytes(): Promise<number> {
    return this.#files.freeBytes();
  }

  lock(): Promise<() => Promise<void>> {
    return this.#files.lock();
  }

  async #fileKey(file: JournalFile, path: string): Promise<KeyObject> {
    const bytes = Buffer.alloc(ENCRYPTED_HEADER_BYTES);
    const read = await file.read(0, bytes);
    const { header, damagedAt } = decodeEncryptedHeader(bytes.subarray(0, read));
    if (header === undefined) throw headerDamaged(path, 'its encryption header is not what was written');
    if (damagedAt !== undefined && !this.#damaged.has(path)) {
      this.#damaged.add(path);
      this.#logger.error('journal-encryption-header-damaged', { path, positionBytes: damagedAt });
    }
    const key = this.#keys.find(header.keyId);
    if (key !== undefined) return fileKeyOf(key.key, header);
    throw headerDamaged(path, `it is encrypted with data key ${header.keyId}, which keys.json does not have`);
  }
}

function headerDamaged(path: string, what: string): OperationError {
  return journalDamaged({ path, positionBytes: 0, what });
}
