/**
 * Access keys of users: an id that is sent and a secret that only signs. The secret is shown once and kept
 * sealed.
 *
 * I6  No secret is in the database but sealed for its own access key id.
 */
import { type Clock, OperationError, type Random } from '@landfall/runtime';
import type { AccessKeyTable, Queries } from '../store/schema.ts';
import { uniqueId } from './identity-names.ts';
import { isSealed, type SecretVault } from './secret-vault.ts';

export type AccessKeyStatus = 'ACTIVE' | 'INACTIVE';

export interface AccessKeyRecord {
  readonly accessKeyId: string;
  readonly userName: string;
  readonly status: AccessKeyStatus;
  readonly createdAtMs: number;
}

export interface AccessKey extends AccessKeyRecord {
  readonly secretAccessKey: string;
}

export interface CreateAccessKeyOptions {
  readonly userName: string;
  readonly vault: SecretVault;
  readonly clock: Clock;
  readonly random: Random;
}

const SECRET_BYTES = 30;

export async function createAccessKey(db: Queries, options: CreateAccessKeyOptions): Promise<AccessKey> {
  const { userName, vault, clock, random } = options;
  const accessKeyId = uniqueId('AKIA', random);
  const secretAccessKey = random.bytes(SECRET_BYTES).toString('base64');
  const createdAtMs = clock.nowMs();
  await db
    .insertInto('access_key')
    .values({
      access_key_id: accessKeyId,
      secret_access_key: vault.seal(secretAccessKey, accessKeyId),
      principal: userName,
      created_at_ms: createdAtMs,
      revoked_at_ms: null,
      status: 'ACTIVE',
    })
    .execute();
  return { accessKeyId, secretAccessKey, userName, status: 'ACTIVE', createdAtMs };
}

/** With its secret, whatever its status. Errors: STATE_UNREADABLE. */
export async function findAccessKey(
  db: Queries,
  vault: SecretVault,
  accessKeyId: string,
): Promise<AccessKey | undefined> {
  const row = await liveKeys(db).where('access_key_id', '=', accessKeyId).executeTakeFirst();
  return row === undefined ? undefined : { ...toRecord(row), secretAccessKey: openSecret(vault, row) };
}

/** Oldest first. */
export async function listAccessKeys(db: Queries, userName?: string): Promise<readonly AccessKeyRecord[]> {
  const all = liveKeys(db).orderBy('created_at_ms').orderBy('access_key_id');
  const rows = await (userName === undefined ? all : all.where('principal', '=', userName)).execute();
  return rows.map(toRecord);
}

export interface KeyOfUser {
  readonly userName: string;
  readonly accessKeyId: string;
}

/** False when the user has no such key. */
export async function setAccessKeyStatus(
  db: Queries,
  { userName, accessKeyId }: KeyOfUser,
  status: AccessKeyStatus,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('access_key')
    .set({ status })
    .where('access_key_id', '=', accessKeyId)
    .where('principal', '=', userName)
    .where('revoked_at_ms', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** False when the user has no such key. */
export async function deleteAccessKey(db: Queries, { userName, accessKeyId }: KeyOfUser): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('access_key')
    .where('access_key_id', '=', accessKeyId)
    .where('principal', '=', userName)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

export async function deleteAccessKeysOf(db: Queries, userName: string): Promise<void> {
  await db.deleteFrom('access_key').where('principal', '=', userName).execute();
}

export async function hasSealedKeys(db: Queries): Promise<boolean> {
  const rows = await db.selectFrom('access_key').select('secret_access_key').execute();
  return rows.some((row) => isSealed(row.secret_access_key));
}

/** I6 for keys that an earlier version wrote. */
export async function sealPlainKeys(tx: Queries, vault: SecretVault): Promise<void> {
  const rows = await tx.selectFrom('access_key').selectAll().execute();
  for (const { access_key_id: id, secret_access_key: secret } of rows) {
    if (isSealed(secret)) continue;
    await tx
      .updateTable('access_key')
      .set({ secret_access_key: vault.seal(secret, id) })
      .where('access_key_id', '=', id)
      .execute();
  }
}

function liveKeys(db: Queries) {
  return db.selectFrom('access_key').selectAll().where('revoked_at_ms', 'is', null);
}

function openSecret(vault: SecretVault, row: AccessKeyTable): string {
  const secret = vault.open(row.secret_access_key, row.access_key_id);
  if (secret !== undefined) return secret;
  throw new OperationError('STATE_UNREADABLE', `the secret of ${row.access_key_id} does not open`, {
    hint: 'restore the state folder from a backup, its file identity-key with it',
  });
}

function toRecord(row: AccessKeyTable): AccessKeyRecord {
  return {
    accessKeyId: row.access_key_id,
    userName: row.principal,
    status: row.status === 'ACTIVE' ? 'ACTIVE' : 'INACTIVE',
    createdAtMs: row.created_at_ms,
  };
}
