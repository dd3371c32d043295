/**
 * Applications and waves.
 *
 * G1 Names are unique within a kind, whatever their case.
 * G2 Members know their group, groups do not list their members: an association is one value in one row.
 */
import { decodeDocument, encodeDocument } from './document.ts';
import { type Cut, isBehind } from './listing.ts';
import type { Queries } from './schema.ts';

export type GroupKind = 'APPLICATION' | 'WAVE';

export interface GroupRecord {
  readonly kind: GroupKind;
  readonly groupId: string;
  readonly name: string;
  readonly description?: string | undefined;
  /** Of an application, its wave. */
  readonly parentId: string | null;
  readonly isArchived: boolean;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  readonly tags: Readonly<Record<string, string>>;
}

export async function insertGroup(tx: Queries, group: GroupRecord): Promise<void> {
  const { groupId, kind, createdAtMs } = group;
  await tx
    .insertInto('server_group')
    .values({ group_id: groupId, kind, created_at_ms: createdAtMs, ...columnsOf(group) })
    .execute();
}

export async function findGroup(
  db: Queries,
  kind: GroupKind,
  groupId: string,
): Promise<GroupRecord | undefined> {
  const row = await db
    .selectFrom('server_group')
    .select('document')
    .where('kind', '=', kind)
    .where('group_id', '=', groupId)
    .executeTakeFirst();
  return row === undefined ? undefined : decodeDocument(row.document);
}

export async function findGroupByName(
  db: Queries,
  kind: GroupKind,
  name: string,
): Promise<GroupRecord | undefined> {
  const row = await db
    .selectFrom('server_group')
    .select('document')
    .where('kind', '=', kind)
    .where('name_key', '=', nameKey(name))
    .executeTakeFirst();
  return row === undefined ? undefined : decodeDocument(row.document);
}

/** What is absent or empty filters nothing. */
export interface GroupFilter {
  readonly kind: GroupKind;
  readonly groupIds?: readonly string[] | undefined;
  readonly parentIds?: readonly string[] | undefined;
  readonly isArchived?: boolean | undefined;
}

/** Oldest first. */
export async function listGroups(
  db: Queries,
  { kind, groupIds = [], parentIds = [], isArchived }: GroupFilter,
  cut?: Cut,
): Promise<readonly GroupRecord[]> {
  let found = db.selectFrom('server_group').select('document').where('kind', '=', kind);
  if (groupIds.length > 0) found = found.where('group_id', 'in', [...groupIds]);
  if (parentIds.length > 0) found = found.where('parent_id', 'in', [...parentIds]);
  if (isArchived !== undefined) found = found.where('is_archived', '=', isArchived ? 1 : 0);
  if (cut?.after !== undefined) {
    found = found.where(isBehind({ at: 'created_at_ms', id: 'group_id' }, cut.after));
  }
  if (cut !== undefined) found = found.limit(cut.limit);
  const rows = await found.orderBy('created_at_ms').orderBy('group_id').execute();
  return rows.map((row) => decodeDocument(row.document));
}

/** The applications of these waves. */
export async function listGroupsIn(
  db: Queries,
  parentIds: readonly string[],
): Promise<readonly GroupRecord[]> {
  const rows = await db
    .selectFrom('server_group')
    .select('document')
    .where('parent_id', 'in', [...parentIds])
    .orderBy('created_at_ms')
    .orderBy('group_id')
    .execute();
  return rows.map((row) => decodeDocument(row.document));
}

export async function countGroups(
  db: Queries,
  kind: GroupKind,
  { isArchived }: { readonly isArchived: boolean },
): Promise<number> {
  const row = await db
    .selectFrom('server_group')
    .select((query) => query.fn.countAll<number>().as('count'))
    .where('kind', '=', kind)
    .where('is_archived', '=', isArchived ? 1 : 0)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export async function saveGroup(tx: Queries, group: GroupRecord): Promise<void> {
  await tx.updateTable('server_group').set(columnsOf(group)).where('group_id', '=', group.groupId).execute();
}

export async function deleteGroup(tx: Queries, groupId: string): Promise<void> {
  await tx.deleteFrom('server_group').where('group_id', '=', groupId).execute();
}

/** Names that differ in nothing but their case are one name. */
export function nameKey(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

function columnsOf(group: GroupRecord) {
  return {
    name_key: nameKey(group.name),
    parent_id: group.parentId,
    is_archived: group.isArchived ? 1 : 0,
    document: encodeDocument(group),
  };
}
