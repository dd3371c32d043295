/**
 * The data keys of one journal: its files are encrypted with them, and they are kept in `keys.json`, each
 * wrapped with a key that is not in the journal (`wrapping-keys.ts`). The newest is used for new files; older
 * ones stay for the files they encrypted.
 *
 * `keys.json` is there twice, because with it everything would be lost. It is written before anything uses
 * what is in it:
 *
 * D1 a data key encrypts nothing before both copies hold it;
 * D2 at every instant at least one copy is whole and opens with a wrapping key that the server has;
 * D3 what was wrapped with the former wrapping key opens with it until both copies are replaced.
 *
 * A rotation is a state to be reached, not a list of steps: the newest data key is of the rotation that was
 * wanted last, and all are wrapped with the key that wraps now. One that was interrupted is finished by the
 * next `refresh`.
 */
import { createHmac } from 'node:crypto';
import { assert, type Logger, OperationError, type Random, systemRandom } from '@landfall/runtime';
import type { JournalFiles } from '../storage/journal-files.ts';
import { readKeys, type StoredKey, writeKeys } from './keys-document.ts';
import { DATA_KEY_BYTES, keyInvalid, keyMissing, type WrappingKeys } from './wrapping-keys.ts';

const CHECK_PURPOSE = 'landfall data key';

export interface EncryptionSettings {
  readonly wrapping: WrappingKeys;
  /** Names the newest rotation: a journal whose newest data key is not of it gets a new one. */
  readonly rotationId?: string;
  /** Whether a new journal is encrypted; one that is already stays so. Default true. */
  readonly encryptsNew?: boolean;
  /** Of new data keys and of files. Default: the system's. */
  readonly random?: Random;
}

export interface DataKeysOptions {
  readonly files: JournalFiles;
  readonly settings: EncryptionSettings;
  readonly logger: Logger;
}

/** A data key, unwrapped. */
export interface DataKey {
  /** A UUID. */
  readonly keyId: string;
  readonly key: Buffer;
  /** Empty: it was made before any. */
  readonly rotationId: string;
}

export class DataKeys {
  readonly #options: DataKeysOptions;
  #stored: readonly StoredKey[];
  #keys: readonly DataKey[];

  private constructor(options: DataKeysOptions, stored: readonly StoredKey[], keys: readonly DataKey[]) {
    this.#options = options;
    this.#stored = stored;
    this.#keys = keys;
  }

  /** Of a new journal, which has no file yet that is encrypted. */
  static async create(options: DataKeysOptions): Promise<DataKeys> {
    const { files, settings } = options;
    const key = newDataKey(settings);
    const stored = await wrapKey(settings.wrapping, key);
    await writeKeys(files, [stored]);
    return new DataKeys(options, [stored], [key]);
  }

  /**
   * `undefined` when the journal has no `keys.json`. Errors: JOURNAL_DAMAGED, those of the wrapping keys.
   */
  static async open(options: DataKeysOptions): Promise<DataKeys | undefined> {
    const { files, settings, logger } = options;
    const found = await readKeys(files, logger);
    if (found === undefined) return undefined;
    const keys: DataKey[] = [];
    for (const stored of found.keys) keys.push(await unwrapKey(settings.wrapping, stored));
    if (!found.isWhole) await writeKeys(files, found.keys);
    const opened = new DataKeys(options, found.keys, keys);
    await opened.#refreshIfPossible();
    return opened;
  }

  /** New files are encrypted with this one. */
  get newest(): DataKey {
    const newest = this.#keys.at(-1);
    assert(newest !== undefined, 'an encrypted journal has a data key');
    return newest;
  }

  get count(): number {
    return this.#keys.length;
  }

  find(keyId: string): DataKey | undefined {
    return this.#keys.find((key) => key.keyId === keyId);
  }

  /**
   * Reaches what is wanted: see above. What is encrypted stays as it is. Resolves to whether anything had to
   * be changed. Errors: those of the wrapping keys and of the storage; the keys there were go on being used.
   */
  async refresh(settings: EncryptionSettings): Promise<boolean> {
    const { files, logger } = this.#options;
    const { wrapping, rotationId = this.newest.rotationId } = settings;
    const wrappingKeyId = await wrapping.wrappingKeyId();
    const isOld = this.newest.rotationId !== rotationId;
    if (!isOld && this.#stored.every((stored) => stored.wrappingKeyId === wrappingKeyId)) return false;
    const keys = isOld ? [...this.#keys, newDataKey(settings)] : this.#keys;
    const stored: StoredKey[] = [];
    for (const key of keys) stored.push(await wrapKey(wrapping, key));
    await writeKeys(files, stored);
    this.#stored = stored;
    this.#keys = keys;
    logger.info('journal-keys-rotated', { wrappingKeyId, dataKeys: keys.length, rotationId });
    return true;
  }

  /** The keys are open already: that they cannot be wrapped anew now is told, and tried again later. */
  async #refreshIfPossible(): Promise<void> {
    const { settings, logger } = this.#options;
    try {
      await this.refresh(settings);
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      logger.error('journal-keys-not-rotated', { error });
    }
  }
}

function newDataKey(settings: EncryptionSettings): DataKey {
  const { random = systemRandom, rotationId = '' } = settings;
  return { keyId: random.uuid(), key: random.bytes(DATA_KEY_BYTES), rotationId };
}

/** Only what also opens again is kept. */
async function wrapKey(wrapping: WrappingKeys, dataKey: DataKey): Promise<StoredKey> {
  const { keyId, key, rotationId } = dataKey;
  const stored = { keyId, rotationId, check: checkOf(keyId, key), ...(await wrapping.wrap(key, keyId)) };
  await unwrapKey(wrapping, stored);
  return stored;
}

async function unwrapKey(wrapping: WrappingKeys, stored: StoredKey): Promise<DataKey> {
  const { keyId, rotationId, check, wrappingKeyId } = stored;
  const key = await wrapping.unwrap(stored, keyId);
  if (key === undefined) {
    const where = `it is not in ${wrapping.description}`;
    throw keyMissing(`the journal is encrypted with ${wrappingKeyId}: ${where}`);
  }
  if (key.length === DATA_KEY_BYTES && checkOf(keyId, key) === check) return { keyId, key, rotationId };
  throw keyInvalid(`${wrapping.description} gives another key than the one that was wrapped as ${keyId}`);
}

/** Tells nothing about the key. */
function checkOf(keyId: string, key: Buffer): string {
  return createHmac('sha256', key).update(`${CHECK_PURPOSE} ${keyId}`).digest('hex').slice(0, 32);
}
