/**
 * The keys that data keys are wrapped with. They are not the journal's: somebody outside holds them, in a
 * file, an environment variable or a key service, and whoever has the disk alone has none. One of them wraps;
 * others may still be there to unwrap what they wrapped before.
 */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { OperationError, type Random } from '@landfall/runtime';

export const DATA_KEY_BYTES = 32;
export const WRAPPING_KEY_BYTES = 32;
const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface WrappedKey {
  /** Names the key it is wrapped with, and tells nothing about it. */
  readonly wrappingKeyId: string;
  readonly wrapped: string;
}

/** Errors of each: ENCRYPTION_KEY_MISSING, ENCRYPTION_KEY_INVALID, ENCRYPTION_COMMAND_FAILED. */
export interface WrappingKeys {
  /** The id of the key that wraps now. */
  wrappingKeyId(): Promise<string>;
  /** `label` names the data key; the same is needed to unwrap it. */
  wrap(dataKey: Buffer, label: string): Promise<WrappedKey>;
  /** `undefined` when it was wrapped with a key that is not one of these. */
  unwrap(wrappedKey: WrappedKey, label: string): Promise<Buffer | undefined>;
  /** For people: where the keys come from. */
  readonly description: string;
}

/** Keys at hand: AES-256-GCM, `nonce ‖ encrypted ‖ tag` in base64. */
export class LocalWrappingKeys implements WrappingKeys {
  readonly description: string;
  readonly #load: () => Promise<readonly Buffer[]>;
  readonly #random: Random;

  /** `load`: the keys as they are now, the one that wraps first. */
  constructor(description: string, load: () => Promise<readonly Buffer[]>, random: Random) {
    this.description = description;
    this.#load = load;
    this.#random = random;
  }

  async wrappingKeyId(): Promise<string> {
    return wrappingKeyIdOf(await this.#first());
  }

  async wrap(dataKey: Buffer, label: string): Promise<WrappedKey> {
    const key = await this.#first();
    const nonce = this.#random.bytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(label));
    const encrypted = Buffer.concat([cipher.update(dataKey), cipher.final()]);
    const wrapped = Buffer.concat([nonce, encrypted, cipher.getAuthTag()]).toString('base64');
    return { wrappingKeyId: wrappingKeyIdOf(key), wrapped };
  }

  async unwrap({ wrappingKeyId, wrapped }: WrappedKey, label: string): Promise<Buffer | undefined> {
    const key = (await this.#load()).find((candidate) => wrappingKeyIdOf(candidate) === wrappingKeyId);
    if (key === undefined) return undefined;
    const bytes = Buffer.from(wrapped, 'base64');
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(label)).setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    } catch (cause) {
      throw keyInvalid(
        `${this.description}: the data key ${label} does not open with key ${wrappingKeyId}`,
        cause,
      );
    }
  }

  async #first(): Promise<Buffer> {
    const [key] = await this.#load();
    if (key !== undefined) return key;
    throw keyMissing(`there is no encryption key in ${this.description}`);
  }
}

/** The first of several wraps; all of them are asked to unwrap. */
export class WrappingKeyRing implements WrappingKeys {
  readonly #current: WrappingKeys;
  readonly #all: readonly WrappingKeys[];

  constructor(current: WrappingKeys, previous: readonly WrappingKeys[]) {
    this.#current = current;
    this.#all = [current, ...previous];
  }

  get description(): string {
    return this.#all.map(({ description }) => description).join(', ');
  }

  wrappingKeyId(): Promise<string> {
    return this.#current.wrappingKeyId();
  }

  wrap(dataKey: Buffer, label: string): Promise<WrappedKey> {
    return this.#current.wrap(dataKey, label);
  }

  async unwrap(wrappedKey: WrappedKey, label: string): Promise<Buffer | undefined> {
    for (const keys of this.#all) {
      const dataKey = await keys.unwrap(wrappedKey, label);
      if (dataKey !== undefined) return dataKey;
    }
    return undefined;
  }
}

/**
 * 256 bits, as 64 hexadecimal digits; several are separated by white space or commas. Errors:
 * ENCRYPTION_KEY_INVALID.
 */
export function parseWrappingKeys(text: string, description: string): readonly Buffer[] {
  const lines = text.split('\n').map((line) => line.replace(/#.*/, ''));
  const words = lines.flatMap((line) => line.split(/[\s,]+/)).filter((word) => word !== '');
  return words.map((word) => {
    if (/^[0-9a-f]{64}$/i.test(word)) return Buffer.from(word, 'hex');
    throw keyInvalid(`${description} has a key that is not 64 hexadecimal digits`);
  });
}

function wrappingKeyIdOf(key: Buffer): string {
  const digest = createHash('sha256').update('landfall wrapping key').update(key).digest('hex');
  return `key:${digest.slice(0, 16)}`;
}

export function keyMissing(message: string, cause?: unknown): OperationError {
  return new OperationError('ENCRYPTION_KEY_MISSING', message, {
    hint: 'put the key back where it was, from its backup; without it the replica cannot be read by anyone',
    cause,
  });
}

export function keyInvalid(message: string, cause?: unknown): OperationError {
  return new OperationError('ENCRYPTION_KEY_INVALID', message, {
    hint: 'restore the key as it was, from its backup; a key is made with `openssl rand -hex 32`',
    cause,
  });
}
