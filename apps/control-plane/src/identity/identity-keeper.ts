/**
 * What the control plane must have before it answers anybody: the key of its secrets, and an administrator.
 *
 * I7  There is always a user `administrator` who may do everything; without it nobody could let anybody in.
 *     Its first access key is written to a file of the state folder, and never sent anywhere.
 */
import type { Clock, Logger, Random } from '@landfall/runtime';
import { listSignatures } from '../store/audit-events.ts';
import type { Queries } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { hasSealedKeys, sealPlainKeys } from './access-keys.ts';
import { type AuditLog, createAuditLog } from './audit-log.ts';
import { CallLimits, type CallRate, REPLAY_WINDOW_MS } from './call-limits.ts';
import { loadIdentityKey } from './file-identity-key.ts';
import { insertIdentity } from './identities.ts';
import { uniqueId } from './identity-names.ts';
import { ADMINISTRATOR_ACCESS } from './managed-policies.ts';
import { attachPolicy } from './policies.ts';
import { sealPlainScripts } from './script-secrets.ts';
import { createVault, type SecretVault } from './secret-vault.ts';

export const ADMINISTRATOR = 'administrator';

export interface Vaults {
  readonly accessKeys: SecretVault;
  readonly sessions: SecretVault;
  readonly webhooks: SecretVault;
  readonly scripts: SecretVault;
}

export interface Identity {
  readonly vaults: Vaults;
  readonly audit: AuditLog;
  readonly limits: CallLimits;
}

export interface IdentityOptions {
  readonly stateDir: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly callRate?: CallRate | undefined;
}

/** Errors: STATE_UNREADABLE. */
export async function openIdentity(options: IdentityOptions): Promise<Identity> {
  const { stateDir, store, clock, random, log, callRate } = options;
  const mustExist = await hasSealedKeys(store.db);
  const key = await loadIdentityKey({ stateDir, random, mustExist });
  const accessKeys = createVault(key, 'access-key', random);
  const scripts = createVault(key, 'script-parameter', random);
  await store.transaction(async (tx) => {
    await sealPlainKeys(tx, accessKeys);
    await sealPlainScripts(tx, scripts);
    await ensureAdministrator(tx, clock, random);
  });
  const seen = await listSignatures(store.db, clock.nowMs() - REPLAY_WINDOW_MS);
  return {
    vaults: {
      accessKeys,
      sessions: createVault(key, 'session-token', random),
      webhooks: createVault(key, 'webhook', random),
      scripts,
    },
    audit: createAuditLog({ store, clock, log }),
    limits: new CallLimits(seen, callRate),
  };
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
