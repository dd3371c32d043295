/** Users and roles as rows. A name may be used again; the id never is, and sessions hold on to the id. */
import { decodeDocument, encodeDocument } from '../store/document.ts';
import type { IdentityTable, Queries } from '../store/schema.ts';

export type IdentityKind = 'user' | 'role';

export interface IdentityRecord {
  readonly kind: IdentityKind;
  readonly name: string;
  readonly id: string;
  readonly createdAtMs: number;
  /** Of roles: IAM JSON that says who may assume it. */
  readonly trustPolicy?: string;
  readonly maxSessionSeconds?: number;
}

/** False when the name is taken. */
export async function insertIdentity(tx: Queries, identity: IdentityRecord): Promise<boolean> {
  const { kind, name, id, createdAtMs, ...rest } = identity;
  const row = { kind, name, identity_id: id, created_at_ms: createdAtMs, document: encodeDocument(rest) };
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('identity')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export async function findIdentity(
  db: Queries,
  kind: IdentityKind,
  name: string,
): Promise<IdentityRecord | undefined> {
  const row = await db
    .selectFrom('identity')
    .selectAll()
    .where('kind', '=', kind)
    .where('name', '=', name)
    .executeTakeFirst();
  return row === undefined ? undefined : toRecord(row);
}

export async function listIdentities(db: Queries, kind: IdentityKind): Promise<readonly IdentityRecord[]> {
  const rows = await db.selectFrom('identity').selectAll().where('kind', '=', kind).orderBy('name').execute();
  return rows.map(toRecord);
}

/** With what is attached to it. False when there was none. */
export async function deleteIdentity(tx: Queries, kind: IdentityKind, name: string): Promise<boolean> {
  await tx
    .deleteFrom('policy_attachment')
    .where('kind', '=', kind)
    .where('identity_name', '=', name)
    .execute();
  const { numDeletedRows } = await tx
    .deleteFrom('identity')
    .where('kind', '=', kind)
    .where('name', '=', name)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

function toRecord(row: IdentityTable): IdentityRecord {
  const rest = decodeDocument<Pick<IdentityRecord, 'trustPolicy' | 'maxSessionSeconds'>>(row.document);
  const kind = row.kind === 'role' ? 'role' : 'user';
  return { kind, name: row.name, id: row.identity_id, createdAtMs: row.created_at_ms, ...rest };
}
