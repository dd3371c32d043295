/**
 * Who stands behind an access key: a user with a key of its own, or a session (temporary credentials) of a
 * user or role.
 *
 * I8  A session is nothing but its sealed token; it ends with its time, with the user it came from, with
 *     that user's access key, and with its role.
 */
import { ApiError, type KnownKey } from '@landfall/api';
import type { Queries } from '../store/schema.ts';
import { findAccessKey } from './access-keys.ts';
import { findIdentity, type IdentityKind } from './identities.ts';
import type { Vaults } from './identity-keeper.ts';
import { assumedRoleArn, identityArn } from './identity-names.ts';
import type { SecretVault } from './secret-vault.ts';

export interface Caller {
  readonly kind: IdentityKind;
  /** Whose policies count. */
  readonly name: string;
  readonly arn: string;
  /** As GetCallerIdentity tells it: `AIDA…`, or `AROA…:SESSION`. */
  readonly userId: string;
  readonly accessKeyId: string;
  readonly isTemporary: boolean;
  /** Of temporary credentials. */
  readonly expiresAtMs?: number;
  /** The user and key that everything goes back to. */
  readonly origin: SessionOrigin;
}

export interface SessionOrigin {
  readonly userName: string;
  readonly userId: string;
  readonly accessKeyId: string;
}

export interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly kind: IdentityKind;
  readonly name: string;
  readonly identityId: string;
  /** Of roles. */
  readonly sessionName?: string;
  readonly expiresAtMs: number;
  readonly origin: SessionOrigin;
}

export interface CallerOptions {
  readonly db: Queries;
  readonly vaults: Vaults;
  readonly accountId: string;
  readonly nowMs: number;
  /** The header of the request, if it had one. */
  readonly sessionToken: string | undefined;
}

export function sealSession(vault: SecretVault, session: Session): string {
  return vault.seal(JSON.stringify(session), session.accessKeyId);
}

/** `undefined` for keys that are unknown, switched off or revoked. Throws ExpiredTokenException. */
export async function findCaller(
  options: CallerOptions,
  accessKeyId: string,
): Promise<KnownKey<Caller> | undefined> {
  if (accessKeyId.startsWith('ASIA')) return findSessionCaller(options, accessKeyId);
  const { db, vaults, accountId } = options;
  const key = await findAccessKey(db, vaults.accessKeys, accessKeyId);
  if (key === undefined || key.status !== 'ACTIVE') return undefined;
  const user = await findIdentity(db, 'user', key.userName);
  if (user === undefined) return undefined;
  const { name, id } = user;
  return {
    secretAccessKey: key.secretAccessKey,
    principal: {
      ...{ kind: 'user', name, userId: id, accessKeyId, isTemporary: false },
      arn: identityArn('user', name, accountId),
      origin: { userName: name, userId: id, accessKeyId },
    },
  };
}

async function findSessionCaller(
  { db, vaults, accountId, nowMs, sessionToken }: CallerOptions,
  accessKeyId: string,
): Promise<KnownKey<Caller> | undefined> {
  const text = sessionToken === undefined ? undefined : vaults.sessions.open(sessionToken, accessKeyId);
  if (text === undefined) return undefined;
  const session = JSON.parse(text) as Session;
  if (session.expiresAtMs <= nowMs) {
    throw ApiError.of('ExpiredTokenException', 'The security token in the request is expired.');
  }
  if (!(await isOriginValid(db, vaults, session.origin))) return undefined;
  const { kind, name, origin, sessionName } = session;
  const identity = await findIdentity(db, kind, name);
  if (identity?.id !== session.identityId) return undefined;
  const isUser = sessionName === undefined;
  return {
    secretAccessKey: session.secretAccessKey,
    sessionToken,
    principal: {
      ...{ kind, name, accessKeyId, isTemporary: true, origin, expiresAtMs: session.expiresAtMs },
      arn: isUser ? identityArn('user', name, accountId) : assumedRoleArn(name, sessionName, accountId),
      userId: isUser ? identity.id : `${identity.id}:${sessionName}`,
    },
  };
}

/** For calls that take long: whether the caller could still make them. */
export async function isStillValid(
  { db, vaults, nowMs }: Pick<CallerOptions, 'db' | 'vaults' | 'nowMs'>,
  { kind, name, userId, origin, expiresAtMs = Number.POSITIVE_INFINITY }: Caller,
): Promise<boolean> {
  if (expiresAtMs <= nowMs || !(await isOriginValid(db, vaults, origin))) return false;
  return (await findIdentity(db, kind, name))?.id === userId.split(':')[0];
}

async function isOriginValid(db: Queries, vaults: Vaults, origin: SessionOrigin): Promise<boolean> {
  const key = await findAccessKey(db, vaults.accessKeys, origin.accessKeyId);
  if (key?.status !== 'ACTIVE' || key.userName !== origin.userName) return false;
  return (await findIdentity(db, 'user', origin.userName))?.id === origin.userId;
}
