/**
 * Policies and whom they are attached to, as rows; the managed ones are code. A row has the last word about
 * its name: one that was there before a release brought a managed policy of that name means what it says.
 */

import type { Queries } from '../store/schema.ts';
import type { IdentityKind } from './identities.ts';
import { MANAGED_POLICIES } from './managed-policies.ts';
import { type PolicyDocument, parsePolicy } from './policy-document.ts';

export interface PolicyRecord {
  readonly name: string;
  readonly managed: boolean;
  /** IAM JSON. */
  readonly document: string;
  readonly updatedAtMs?: number;
}

export interface Attachment {
  readonly kind: IdentityKind;
  readonly identityName: string;
  readonly policyName: string;
}

export async function findPolicy(db: Queries, name: string): Promise<PolicyRecord | undefined> {
  const row = await db.selectFrom('policy').selectAll().where('name', '=', name).executeTakeFirst();
  if (row !== undefined) {
    return { name, managed: false, document: row.document, updatedAtMs: row.updated_at_ms };
  }
  const managed = MANAGED_POLICIES.get(name);
  return managed === undefined ? undefined : { name, managed: true, document: managed };
}

/** By name. */
export async function listPolicies(db: Queries): Promise<readonly PolicyRecord[]> {
  const rows = await db.selectFrom('policy').selectAll().execute();
  const own = rows.map((row) => ({
    name: row.name,
    managed: false,
    document: row.document,
    updatedAtMs: row.updated_at_ms,
  }));
  const names = new Set(own.map(({ name }) => name));
  const managed = [...MANAGED_POLICIES]
    .filter(([name]) => !names.has(name))
    .map(([name, document]) => ({ name, managed: true, document }));
  return [...managed, ...own];
}

export async function savePolicy(
  tx: Queries,
  { name, document, nowMs }: { readonly name: string; readonly document: string; readonly nowMs: number },
): Promise<void> {
  await tx
    .insertInto('policy')
    .values({ name, document, updated_at_ms: nowMs })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ document, updated_at_ms: nowMs }))
    .execute();
}

export async function deletePolicy(tx: Queries, name: string): Promise<void> {
  await tx.deleteFrom('policy').where('name', '=', name).execute();
}

export async function attachPolicy(tx: Queries, attachment: Attachment): Promise<void> {
  const { kind, identityName, policyName } = attachment;
  await tx
    .insertInto('policy_attachment')
    .values({ kind, identity_name: identityName, policy_name: policyName })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** False when it was not attached. */
export async function detachPolicy(tx: Queries, attachment: Attachment): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('policy_attachment')
    .where('kind', '=', attachment.kind)
    .where('identity_name', '=', attachment.identityName)
    .where('policy_name', '=', attachment.policyName)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

export async function listAttachments(db: Queries): Promise<readonly Attachment[]> {
  const rows = await db.selectFrom('policy_attachment').selectAll().orderBy('policy_name').execute();
  return rows.map((row) => ({
    kind: row.kind === 'role' ? 'role' : 'user',
    identityName: row.identity_name,
    policyName: row.policy_name,
  }));
}

/** What is attached to one user or role, parsed: what it may do now. */
export async function policiesOf(
  db: Queries,
  { kind, name }: { readonly kind: IdentityKind; readonly name: string },
): Promise<readonly PolicyDocument[]> {
  const rows = await db
    .selectFrom('policy_attachment')
    .leftJoin('policy', 'policy.name', 'policy_attachment.policy_name')
    .select(['policy_attachment.policy_name', 'policy.document'])
    .where('kind', '=', kind)
    .where('identity_name', '=', name)
    .execute();
  return rows.map((row) => parsed(row.document ?? MANAGED_POLICIES.get(row.policy_name) ?? ''));
}

const PARSED_MAX = 1000;
const parsedByText = new Map<string, PolicyDocument>();

/** A policy that stopped to parse is an error of every call of its holder: it may be one that denies. */
function parsed(text: string): PolicyDocument {
  const known = parsedByText.get(text);
  if (known !== undefined) return known;
  const document = parsePolicy(text, { kind: 'identity' });
  if (parsedByText.size >= PARSED_MAX) parsedByText.clear();
  parsedByText.set(text, document);
  return document;
}
