/**
 * What applications and waves have in common: named, described, tagged, archived and brought back, and gone
 * only when nothing is in them.
 */
import { ApiError, arnOf, isoDateTime, type Page, type PageRequest } from '@landfall/api';
import { publicId } from '@landfall/runtime';
import type { Service } from '../service.ts';
import {
  countGroups,
  deleteGroup,
  findGroup,
  findGroupByName,
  type GroupFilter,
  type GroupKind,
  type GroupRecord,
  insertGroup,
  listGroups,
  saveGroup,
} from '../store/groups.ts';
import type { Queries } from '../store/schema.ts';
import { pageOfStored } from './stored-page.ts';

/** Quotas: public MGN documentation. */
const KINDS = {
  APPLICATION: { prefix: 'app-', arnType: 'application', resourceType: 'Application' },
  WAVE: { prefix: 'wave-', arnType: 'wave', resourceType: 'Wave' },
} as const satisfies Record<GroupKind, object>;

const ACTIVE_MAX = 200;
const ARCHIVED_MAX = 10_000;

export type GroupArnType = (typeof KINDS)[GroupKind]['arnType'];

export interface GroupInput {
  readonly name: string;
  readonly description?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/** The same request again answers what the first one made; another one may not take its name. */
export async function createGroup(
  service: Service,
  tx: Queries,
  kind: GroupKind,
  input: GroupInput,
): Promise<GroupRecord> {
  const { name, description, tags = {} } = input;
  const known = await findGroupByName(tx, kind, name);
  if (known !== undefined) {
    if (isSameRequest(known, { name, description, tags })) return known;
    throw nameTaken(known);
  }
  await refuseBeyondQuota(tx, kind, false);
  const nowMs = service.clock.nowMs();
  const group: GroupRecord = {
    kind,
    groupId: publicId(KINDS[kind].prefix, service.random),
    name,
    description,
    parentId: null,
    isArchived: false,
    createdAtMs: nowMs,
    modifiedAtMs: nowMs,
    tags,
  };
  await insertGroup(tx, group);
  return group;
}

export interface GroupChange {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
}

export async function updateGroup(
  service: Service,
  tx: Queries,
  group: GroupRecord,
  { name = group.name, description = group.description }: GroupChange,
): Promise<GroupRecord> {
  const namesake = await findGroupByName(tx, group.kind, name);
  if (namesake !== undefined && namesake.groupId !== group.groupId) throw nameTaken(namesake);
  return keepChanged(service, tx, group, { ...group, name, description });
}

/** Once archived, nothing but its tags changes until it is brought back. */
export function setArchived(
  service: Service,
  group: { readonly kind: GroupKind; readonly groupId: string },
  isArchived: boolean,
  mayArchive: (tx: Queries, group: GroupRecord) => Promise<void>,
): Promise<GroupRecord> {
  return service.store.transaction(async (tx) => {
    const current = await requireGroup(tx, group.kind, group.groupId);
    if (current.isArchived === isArchived) return current;
    if (isArchived) await mayArchive(tx, current);
    await refuseBeyondQuota(tx, group.kind, isArchived);
    return keepChanged(service, tx, current, { ...current, isArchived });
  });
}

export async function removeGroup(
  { store }: Service,
  kind: GroupKind,
  groupId: string,
  refuseNonEmpty: (tx: Queries, group: GroupRecord) => Promise<void>,
): Promise<Record<string, never>> {
  await store.transaction(async (tx) => {
    await refuseNonEmpty(tx, await requireGroup(tx, kind, groupId));
    await deleteGroup(tx, groupId);
  });
  return {};
}

export async function requireGroup(db: Queries, kind: GroupKind, groupId: string): Promise<GroupRecord> {
  const group = await findGroup(db, kind, groupId);
  if (group === undefined) throw ApiError.notFound(groupId, KINDS[kind].resourceType);
  return group;
}

export async function requireActiveGroup(
  db: Queries,
  kind: GroupKind,
  groupId: string,
): Promise<GroupRecord> {
  const group = await requireGroup(db, kind, groupId);
  if (group.isArchived) throw groupConflict(group, 'it is archived; unarchive it first');
  return group;
}

export async function keepChanged(
  { clock }: Service,
  tx: Queries,
  current: GroupRecord,
  next: GroupRecord,
): Promise<GroupRecord> {
  const isSame = JSON.stringify(next) === JSON.stringify(current);
  if (isSame) return current;
  const changed = { ...next, modifiedAtMs: clock.nowMs() };
  await saveGroup(tx, changed);
  return changed;
}

/** The members both views share. */
export function showGroup({ facts }: Service, group: GroupRecord) {
  return {
    arn: arnOf('mgn', KINDS[group.kind].arnType, group.groupId, facts),
    name: group.name,
    description: group.description,
    isArchived: group.isArchived,
    creationDateTime: isoDateTime(group.createdAtMs),
    lastModifiedDateTime: isoDateTime(group.modifiedAtMs),
    tags: group.tags,
  };
}

/** Oldest first. */
export function pageOfGroups(
  { store }: Service,
  input: PageRequest,
  filter: GroupFilter,
): Promise<Page<GroupRecord>> {
  return pageOfStored(input, {
    listing: `groups ${JSON.stringify(filter)}`,
    placeOf: ({ createdAtMs, groupId }) => ({ atMs: createdAtMs, id: groupId }),
    fetch: (cut) => listGroups(store.db, filter, cut),
  });
}

export function groupConflict({ kind, groupId, name }: GroupRecord, why: string): ApiError {
  return ApiError.conflict(`${groupId} (${name}): ${why}`, {
    resourceId: groupId,
    resourceType: KINDS[kind].resourceType,
  });
}

export function quotaExceeded(kind: GroupKind, what: string, quotaValue: number): ApiError {
  return ApiError.quotaExceeded(`${what}: there may be at most ${quotaValue}.`, {
    resourceType: KINDS[kind].resourceType,
    serviceCode: 'mgn',
    quotaValue,
  });
}

async function refuseBeyondQuota(tx: Queries, kind: GroupKind, isArchived: boolean): Promise<void> {
  const quota = isArchived ? ARCHIVED_MAX : ACTIVE_MAX;
  if ((await countGroups(tx, kind, { isArchived })) < quota) return;
  const what = `${isArchived ? 'Archived' : 'Active'} ${KINDS[kind].arnType}s`;
  throw quotaExceeded(kind, what, quota);
}

function isSameRequest(known: GroupRecord, { name, description, tags }: GroupInput): boolean {
  return (
    !known.isArchived &&
    known.name === name &&
    known.description === description &&
    canonical(known.tags) === canonical(tags ?? {})
  );
}

function canonical(tags: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(tags).sort(([left], [right]) => (left < right ? -1 : 1)));
}

function nameTaken(group: GroupRecord): ApiError {
  const archived = group.isArchived ? 'an archived' : 'another';
  return groupConflict(
    group,
    `${archived} ${KINDS[group.kind].arnType} has this name; names differ by more than case`,
  );
}
