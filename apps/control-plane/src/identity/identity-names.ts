/** Names, ARNs and ids of users, roles, policies and their keys, as IAM forms them. */
import type { Random } from '@landfall/runtime';

const ID_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const ID_LENGTH = 16;

export type IdPrefix = 'AKIA' | 'ASIA' | 'AIDA' | 'AROA';

export function uniqueId(prefix: IdPrefix, random: Random): string {
  const text = Array.from({ length: ID_LENGTH }, () =>
    ID_ALPHABET.charAt(random.integer(ID_ALPHABET.length)),
  );
  return prefix + text.join('');
}

export type IdentityType = 'user' | 'role' | 'policy';

/** Identities belong to no region. */
export function identityArn(type: IdentityType, name: string, accountId: string): string {
  return `arn:aws:iam::${accountId}:${type}/${name}`;
}

export function assumedRoleArn(role: string, session: string, accountId: string): string {
  return `arn:aws:sts::${accountId}:assumed-role/${role}/${session}`;
}
