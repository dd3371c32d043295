/**
 * Enrolment tokens. Only a hash of the secret is stored.
 *
 * I3 A token is used up by installs, not by requests: the same install may repeat its enrolment, because the
 *    answer to its first one may have been lost.
 */
import { createHash } from 'node:crypto';
import type { ProgramRole } from '@landfall/channel';
import { type Clock, OperationError, publicId, type Random } from '@landfall/runtime';
import { decodeDocument, encodeDocument } from '../store/document.ts';
import type { EnrolmentTokenTable, Queries } from '../store/schema.ts';

export interface EnrolmentTokenRecord {
  readonly tokenId: string;
  readonly role: ProgramRole;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly usesMax: number;
  readonly uses: number;
  readonly revokedAtMs: number | null;
  readonly tags: Readonly<Record<string, string>>;
}

export interface CreateTokenOptions {
  readonly role: ProgramRole;
  readonly expiresAtMs: number | null;
  readonly usesMax: number;
  readonly tags?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly random: Random;
}

export interface CreatedToken {
  readonly record: EnrolmentTokenRecord;
  readonly secret: string;
}

export async function createToken(db: Queries, options: CreateTokenOptions): Promise<CreatedToken> {
  const secret = options.random.bytes(24).toString('base64url');
  const record: EnrolmentTokenRecord = {
    tokenId: publicId('tok-', options.random),
    role: options.role,
    createdAtMs: options.clock.nowMs(),
    expiresAtMs: options.expiresAtMs,
    usesMax: options.usesMax,
    uses: 0,
    revokedAtMs: null,
    tags: options.tags ?? {},
  };
  await db
    .insertInto('enrolment_token')
    .values({
      token_id: record.tokenId,
      secret_hash: hashSecret(secret),
      role: record.role,
      created_at_ms: record.createdAtMs,
      expires_at_ms: record.expiresAtMs,
      uses_max: record.usesMax,
      revoked_at_ms: null,
      document: encodeDocument({ tags: record.tags }),
    })
    .execute();
  return { record, secret };
}

export interface TokenUse {
  readonly secret: string;
  readonly role: ProgramRole;
  readonly installId: string;
  readonly nowMs: number;
}

/** Counts one use. Errors: TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_USED_UP. */
export async function useToken(tx: Queries, use: TokenUse): Promise<EnrolmentTokenRecord> {
  const row = await tx
    .selectFrom('enrolment_token')
    .selectAll()
    .where('secret_hash', '=', hashSecret(use.secret))
    .executeTakeFirst();
  if (row === undefined) throw invalid('the control plane does not know this enrolment token');
  if (row.revoked_at_ms !== null) throw invalid('this enrolment token was revoked');
  if (row.role !== use.role)
    throw invalid(`this enrolment token is for a ${row.role}, not for a ${use.role}`);
  if (row.expires_at_ms !== null && row.expires_at_ms <= use.nowMs) throw expired(row.expires_at_ms);
  const installs = await listUses(tx, row.token_id);
  if (installs.includes(use.installId)) return toRecord(row, installs.length);
  if (installs.length >= row.uses_max) throw usedUp(row.uses_max);
  await tx
    .insertInto('enrolment_token_use')
    .values({ token_id: row.token_id, install_id: use.installId, used_at_ms: use.nowMs })
    .execute();
  return toRecord(row, installs.length + 1);
}

export async function listTokens(db: Queries): Promise<readonly EnrolmentTokenRecord[]> {
  const rows = await db.selectFrom('enrolment_token').selectAll().orderBy('created_at_ms', 'desc').execute();
  const uses = await db
    .selectFrom('enrolment_token_use')
    .select((select) => ['token_id', select.fn.countAll<number>().as('uses')])
    .groupBy('token_id')
    .execute();
  const usesById = new Map(uses.map((row) => [row.token_id, row.uses]));
  return rows.map((row) => toRecord(row, usesById.get(row.token_id) ?? 0));
}

/** True when there was such a token. */
export async function revokeToken(db: Queries, tokenId: string, nowMs: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('enrolment_token')
    .set((select) => ({ revoked_at_ms: select.fn.coalesce('revoked_at_ms', select.val(nowMs)) }))
    .where('token_id', '=', tokenId)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

async function listUses(db: Queries, tokenId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('enrolment_token_use')
    .select('install_id')
    .where('token_id', '=', tokenId)
    .execute();
  return rows.map((row) => row.install_id);
}

function toRecord(row: EnrolmentTokenTable, uses: number): EnrolmentTokenRecord {
  const { tags } = decodeDocument<{ tags: Record<string, string> }>(row.document);
  return {
    tokenId: row.token_id,
    role: row.role as ProgramRole,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    usesMax: row.uses_max,
    uses,
    revokedAtMs: row.revoked_at_ms,
    tags,
  };
}

function hashSecret(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex');
}

const CREATE_ANOTHER = 'create a new token with `landfall token create` and use its install command';

function invalid(message: string): OperationError {
  return new OperationError('TOKEN_INVALID', message, { hint: CREATE_ANOTHER });
}

function expired(expiresAtMs: number): OperationError {
  const when = new Date(expiresAtMs).toISOString();
  return new OperationError('TOKEN_EXPIRED', `this enrolment token expired at ${when}`, {
    hint: CREATE_ANOTHER,
  });
}

function usedUp(usesMax: number): OperationError {
  const installs = usesMax === 1 ? '1 install' : `${usesMax} installs`;
  const message = `this enrolment token was already used by ${installs}, all it allows`;
  return new OperationError('TOKEN_USED_UP', message, { hint: CREATE_ANOTHER });
}
