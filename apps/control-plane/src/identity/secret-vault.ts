/**
 * What must be read again (a signature needs the secret itself) and must not be readable in a copy of the
 * database: AES-256-GCM under a key that is in a file of its own. A key for each purpose is derived, so
 * that a text sealed for one is nothing for another.
 *
 * Format: `sealed:1:` and base64url of nonce (12 bytes), tag (16), ciphertext.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { Random } from '@landfall/runtime';

export type VaultPurpose = 'access-key' | 'session-token' | 'webhook' | 'script-parameter';

export interface SecretVault {
  /** `place` is bound to the text: it opens only with the same. */
  seal(text: string, place: string): string;
  /** `undefined` when it was not sealed here, for this place. */
  open(sealed: string, place: string): string | undefined;
}

export const VAULT_KEY_BYTES = 32;
const PREFIX = 'sealed:1:';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function isSealed(text: string): boolean {
  return text.startsWith(PREFIX);
}

export function createVault(masterKey: Buffer, purpose: VaultPurpose, random: Random): SecretVault {
  const key = Buffer.from(hkdfSync('sha256', masterKey, '', `landfall ${purpose}`, VAULT_KEY_BYTES));
  return {
    seal: (text, place) => {
      const nonce = random.bytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place, 'utf8'));
      const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return PREFIX + Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]).toString('base64url');
    },
    open: (sealed, place) => (isSealed(sealed) ? open(key, sealed.slice(PREFIX.length), place) : undefined),
  };
}

function open(key: Buffer, encoded: string, place: string): string | undefined {
  const bytes = Buffer.from(encoded, 'base64url');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(place, 'utf8'))
    .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  const plain = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
  try {
    return Buffer.concat([plain, decipher.final()]).toString('utf8');
  } catch {
    /** The tag does not fit: node tells it in no other way. */
    return undefined;
  }
}
