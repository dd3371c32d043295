/** Access keys of the public API: an id that is sent and a secret that only signs. */
import type { Clock, Random } from '@landfall/runtime';
import type { Queries } from '../store/schema.ts';

const ID_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly principal: string;
}

export interface CreateAccessKeyOptions {
  readonly principal: string;
  readonly clock: Clock;
  readonly random: Random;
}

export async function createAccessKey(db: Queries, options: CreateAccessKeyOptions): Promise<AccessKey> {
  const { principal, clock, random } = options;
  const id = Array.from({ length: 16 }, () => ID_ALPHABET.charAt(random.integer(ID_ALPHABET.length))).join(
    '',
  );
  const key = { accessKeyId: `AKIA${id}`, secretAccessKey: random.bytes(30).toString('base64'), principal };
  await db
    .insertInto('access_key')
    .values({
      access_key_id: key.accessKeyId,
      secret_access_key: key.secretAccessKey,
      principal,
      created_at_ms: clock.nowMs(),
      revoked_at_ms: null,
    })
    .execute();
  return key;
}

export async function findAccessKey(db: Queries, accessKeyId: string): Promise<AccessKey | undefined> {
  const row = await db
    .selectFrom('access_key')
    .selectAll()
    .where('access_key_id', '=', accessKeyId)
    .where('revoked_at_ms', 'is', null)
    .executeTakeFirst();
  return row === undefined ? undefined : toAccessKey(row);
}

export async function findAccessKeyOf(db: Queries, principal: string): Promise<AccessKey | undefined> {
  const row = await db
    .selectFrom('access_key')
    .selectAll()
    .where('principal', '=', principal)
    .where('revoked_at_ms', 'is', null)
    .executeTakeFirst();
  return row === undefined ? undefined : toAccessKey(row);
}

function toAccessKey(row: {
  access_key_id: string;
  secret_access_key: string;
  principal: string;
}): AccessKey {
  return {
    accessKeyId: row.access_key_id,
    secretAccessKey: row.secret_access_key,
    principal: row.principal,
  };
}
