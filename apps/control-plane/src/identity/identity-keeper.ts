/**
 * What the control plane must have before it answers anybody: the key of its secrets, and an administrator.
 *
 * I7  There is always a user `administrator` who may do everything; without it nobody could let anybody in.
 *     Its first access key is written to a file of the state folder, and never sent anywhere.
 */
import type { Clock, Random } from '@landfall/runtime';
import type { Queries } from '../store/schema.ts';
import type { Store } from '../store/sqlite-store.ts';
import { hasSealedKeys, sealPlainKeys } from './access-keys.ts';
import { loadIdentityKey } from './file-identity-key.ts';
import { insertIdentity } from './identities.ts';
import { uniqueId } from './identity-names.ts';
import { ADMINISTRATOR_ACCESS } from './managed-policies.ts';
import { attachPolicy } from './policies.ts';
import { createVault, type SecretVault } from './secret-vault.ts';

export const ADMINISTRATOR = 'administrator';

export interface Vaults {
  readonly accessKeys: SecretVault;
  readonly sessions: SecretVault;
}

export interface IdentityOptions {
  readonly stateDir: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
}

/** Errors: STATE_UNREADABLE. */
export async function prepareIdentity(options: IdentityOptions): Promise<Vaults> {
  const { stateDir, store, clock, random } = options;
  const mustExist = await hasSealedKeys(store.db);
  const key = await loadIdentityKey({ stateDir, random, mustExist });
  const accessKeys = createVault(key, 'access-key', random);
  await store.transaction(async (tx) => {
    await sealPlainKeys(tx, accessKeys);
    await ensureAdministrator(tx, clock, random);
  });
  return { accessKeys, sessions: createVault(key, 'session-token', random) };
}

async function ensureAdministrator(tx: Queries, clock: Clock, random: Random): Promise<void> {
  await insertIdentity(tx, {
    kind: 'user',
    name: ADMINISTRATOR,
    id: uniqueId('AIDA', random),
    createdAtMs: clock.nowMs(),
  });
  await attachPolicy(tx, { kind: 'user', identityName: ADMINISTRATOR, policyName: ADMINISTRATOR_ACCESS });
}
