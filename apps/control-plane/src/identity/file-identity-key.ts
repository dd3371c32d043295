/** The key under which secrets of access keys are kept, in a file beside the database. */
import { join } from 'node:path';
import { OperationError, type Random, readIfExists, writeDurably } from '@landfall/runtime';
import { VAULT_KEY_BYTES } from './secret-vault.ts';

const FILE = 'identity-key';

export interface IdentityKeyOptions {
  readonly stateDir: string;
  readonly random: Random;
  /** Something was sealed before: a new key would open none of it. */
  readonly mustExist: boolean;
}

/** Errors: STATE_UNREADABLE. */
export async function loadIdentityKey({ stateDir, random, mustExist }: IdentityKeyOptions): Promise<Buffer> {
  const path = join(stateDir, FILE);
  const stored = await readIfExists(path);
  if (stored === undefined && !mustExist) {
    const key = random.bytes(VAULT_KEY_BYTES);
    await writeDurably(path, `${key.toString('hex')}\n`);
    return key;
  }
  if (stored !== undefined && /^[0-9a-f]{64}\n?$/.test(stored)) return Buffer.from(stored.trim(), 'hex');
  const fault = stored === undefined ? 'is missing' : 'is not what was written';
  throw new OperationError(
    'STATE_UNREADABLE',
    `${FILE} in ${stateDir} ${fault}: access keys cannot be read`,
    {
      hint: 'restore the state folder from a backup',
    },
  );
}
