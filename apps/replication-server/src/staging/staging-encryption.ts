/**
 * The keys the journals of a staging area are opened with, and those that new ones get.
 *
 * E1 A key file is made only while there is no encrypted journal: a key that is lost is never replaced by
 *    another in silence.
 */
import {
  createKeyFile,
  type EncryptionSettings,
  holdsEncryptedJournals,
  type KeySource,
  type WrappingKeys,
  wrappingKeysOf,
} from '@landfall/journal';
import type { Logger } from '@landfall/runtime';
import { readRotationId } from './file-key-rotation.ts';

export interface StagingEncryptionOptions {
  readonly stateFolder: string;
  readonly stagingFolder: string;
  /** The first one wraps. */
  readonly keySources: readonly KeySource[];
  readonly encryptsNew: boolean;
  readonly logger: Logger;
}

export class StagingEncryption {
  readonly #options: StagingEncryptionOptions;
  readonly #wrapping: WrappingKeys;

  constructor(options: StagingEncryptionOptions) {
    this.#options = options;
    this.#wrapping = wrappingKeysOf(options.keySources, process.env);
  }

  /** As they are now. Errors: STATE_UNREADABLE, ENCRYPTION_KEY_MISSING. */
  async settings(): Promise<EncryptionSettings> {
    const { stateFolder, encryptsNew } = this.#options;
    await this.#makeFirstKey();
    const rotationId = await readRotationId(stateFolder);
    return {
      wrapping: this.#wrapping,
      encryptsNew,
      ...(rotationId === undefined ? {} : { rotationId }),
    };
  }

  async #makeFirstKey(): Promise<void> {
    const { keySources, stagingFolder, encryptsNew, logger } = this.#options;
    const [source] = keySources;
    if (source?.kind !== 'file' || !encryptsNew) return;
    if (await holdsEncryptedJournals(stagingFolder)) return;
    if (!(await createKeyFile(source.name))) return;
    const advice = 'keep a copy of this file where the replicas are not: without it they cannot be read';
    logger.warn('encryption-key-created', { path: source.name, advice });
  }
}
