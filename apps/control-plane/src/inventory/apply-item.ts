/** One item of an import, in the transaction of its caller. Throws ApiError for what cannot be done. */
import { ApiError, isoDateTime } from '@landfall/api';
import { publicId } from '@landfall/runtime';
import type { TemplateContent } from '../ec2/template-data.ts';
import { addVersion } from '../launch/launch-template.ts';
import { serverTemplate } from '../launch/server-template.ts';
import { templatesForNewServer } from '../lifecycle/default-settings.ts';
import { newServerRecord, unseenProperties } from '../lifecycle/new-server.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import { refuseOverfull } from '../operations/applications.ts';
import { requireServer } from '../operations/change-source-server.ts';
import {
  createGroup,
  groupConflict,
  keepChanged,
  requireActiveGroup,
  updateGroup,
} from '../operations/groups.ts';
import type { Service } from '../service.ts';
import { findGroupByName, type GroupKind, type GroupRecord } from '../store/groups.ts';
import type { Queries } from '../store/schema.ts';
import {
  countActiveServers,
  findServerByProvidedId,
  insertServer,
  saveServer,
} from '../store/source-servers.ts';
import {
  changeOfWave,
  changesOfGroup,
  changesOfNewServer,
  changesOfServer,
  changesOfTemplate,
  type ItemWork,
  requireAllowed,
} from './import-access.ts';
import type { PlanItem, Reference } from './inventory-plan.ts';
import type { GroupFacts, ServerFacts } from './inventory-rows.ts';
import { changeTemplate, configureLaunch } from './launch-change.ts';
import { type LaunchTexts, saysTemplate } from './launch-columns.ts';

export type Effect = 'CREATED' | 'MODIFIED' | 'NONE';

/** Public MGN documentation: servers that are not archived. */
const SERVERS_MAX = 4000;

export async function applyItem(work: ItemWork, item: PlanItem): Promise<Effect> {
  switch (item.kind) {
    case 'WAVE':
      return (await applyGroup(work, 'WAVE', item.facts)).effect;
    case 'APPLICATION':
      return applyApplication(work, item.facts, item.wave);
    case 'SERVER':
      return applyServer(work, item.facts, item.application);
  }
}

interface AppliedGroup {
  readonly group: GroupRecord;
  readonly effect: Effect;
}

async function applyGroup(
  work: ItemWork,
  kind: GroupKind,
  { id, name = '', description, tags }: GroupFacts,
): Promise<AppliedGroup> {
  const { service, tx } = work;
  const known = await findReferred(tx, kind, { id, name });
  if (known === undefined) {
    return { group: await createGroup(service, tx, kind, { name, description, tags }), effect: 'CREATED' };
  }
  const change = { name: name === '' ? known.name : name, description: description ?? known.description };
  const merged = { ...known.tags, ...tags };
  await requireAllowed(work, changesOfGroup(service, known, { ...known, ...change, tags: merged }));
  const updated = await updateGroup(service, tx, known, change);
  const isTagged = Object.entries(tags).every(([key, value]) => updated.tags[key] === value);
  const group = isTagged ? updated : await keepChanged(service, tx, updated, { ...updated, tags: merged });
  return { group, effect: group === known ? 'NONE' : 'MODIFIED' };
}

/** `undefined` when there is none of that name; an id that is none of ours is an error. */
async function findReferred(
  tx: Queries,
  kind: GroupKind,
  { id, name = '' }: Reference,
): Promise<GroupRecord | undefined> {
  if (id !== undefined) return requireActiveGroup(tx, kind, id);
  const named = await findGroupByName(tx, kind, name);
  if (named?.isArchived === true) throw groupConflict(named, 'it is archived; unarchive it first');
  return named;
}

async function requireReferred(tx: Queries, kind: GroupKind, reference: Reference): Promise<GroupRecord> {
  const group = await findReferred(tx, kind, reference);
  if (group !== undefined) return group;
  throw ApiError.notFound(reference.name ?? '', kind === 'WAVE' ? 'Wave' : 'Application');
}

async function applyApplication(
  work: ItemWork,
  facts: GroupFacts,
  wave: Reference | undefined,
): Promise<Effect> {
  const { service, tx } = work;
  const parentId = wave === undefined ? undefined : (await requireReferred(tx, 'WAVE', wave)).groupId;
  const { group, effect } = await applyGroup(work, 'APPLICATION', facts);
  if (parentId === undefined || group.parentId === parentId) return effect;
  await requireAllowed(work, [changeOfWave(service, group, parentId)]);
  await keepChanged(service, tx, group, { ...group, parentId });
  return effect === 'CREATED' ? 'CREATED' : 'MODIFIED';
}

async function applyServer(
  work: ItemWork,
  facts: ServerFacts,
  application: Reference | undefined,
): Promise<Effect> {
  const { service, tx } = work;
  const reference =
    application === undefined ? undefined : await requireReferred(tx, 'APPLICATION', application);
  const known = await findServer(tx, facts);
  if (known === undefined) {
    if ((await countActiveServers(tx)) >= SERVERS_MAX) throw tooManyServers();
    const fresh = withFacts(await pendingServer(service, tx, facts), facts, reference?.groupId);
    await requireAllowed(work, changesOfNewServer(service, fresh));
    await insertServer(tx, fresh);
    await keepTemplate(work, fresh, await wantedTemplate(work, fresh, facts.launch));
    if (reference !== undefined) await refuseOverfull(tx, reference.groupId);
    return 'CREATED';
  }
  const next = withFacts(known, facts, reference?.groupId);
  const isSame = JSON.stringify(next) === JSON.stringify(known);
  const wanted = await wantedTemplate(work, next, facts.launch);
  const templateChanges = wanted === undefined ? [] : changesOfTemplate(service, known);
  await requireAllowed(work, [...(isSame ? [] : changesOfServer(service, known, next)), ...templateChanges]);
  if (!isSame) await saveServer(tx, next);
  await keepTemplate(work, next, wanted);
  if (reference !== undefined) await refuseOverfull(tx, reference.groupId);
  return isSame && wanted === undefined ? 'NONE' : 'MODIFIED';
}

/** Its launch template as the file has it; `undefined`: it is so already. */
async function wantedTemplate(
  { service, tx, networkNames }: ItemWork,
  server: SourceServerRecord,
  texts: LaunchTexts,
): Promise<TemplateContent | undefined> {
  if (!saysTemplate(texts)) return undefined;
  const { version } = await serverTemplate(service, tx, server);
  const current = { data: version.data, ec2Members: version.ec2Members ?? {} };
  const wanted = changeTemplate(current, texts, server, { sizes: service.sizes, networkNames });
  return JSON.stringify(wanted) === JSON.stringify(current) ? undefined : wanted;
}

async function keepTemplate(
  { service, tx }: ItemWork,
  server: SourceServerRecord,
  wanted: TemplateContent | undefined,
): Promise<void> {
  if (wanted === undefined) return;
  const { template } = await serverTemplate(service, tx, server);
  await addVersion(tx, template, {
    ...wanted,
    nowMs: service.clock.nowMs(),
    description: 'from an inventory file',
    isDefault: true,
  });
}

async function findServer(
  tx: Queries,
  { id, userProvidedId }: ServerFacts,
): Promise<SourceServerRecord | undefined> {
  const namesake =
    userProvidedId === undefined ? undefined : await findServerByProvidedId(tx, userProvidedId);
  if (id === undefined) return namesake;
  const server = await requireServer(tx, id);
  const isOther = namesake !== undefined && namesake.sourceServerId !== id;
  const isFixed =
    userProvidedId !== undefined && ![undefined, userProvidedId].includes(server.userProvidedId);
  if (isOther || isFixed) throw idTaken(server, userProvidedId);
  return server;
}

function idTaken({ sourceServerId, userProvidedId }: SourceServerRecord, told = ''): ApiError {
  const why = userProvidedId === undefined ? 'another server has it' : `it is ${userProvidedId}`;
  return ApiError.conflict(`The user-provided id of ${sourceServerId} cannot become ${told}: ${why}.`);
}

async function pendingServer(
  service: Service,
  tx: Queries,
  { fqdn }: ServerFacts,
): Promise<SourceServerRecord> {
  if (fqdn === undefined) {
    throw ApiError.validation(
      'A new server needs mgn:server:fqdn-for-action-framework, its name or address.',
    );
  }
  const nowMs = service.clock.nowMs();
  const templates = await templatesForNewServer(tx, { nowMs, random: service.random });
  return newServerRecord({
    sourceServerId: publicId('s-', service.random),
    sourceProperties: unseenProperties(fqdn, isoDateTime(nowMs)),
    templates,
    nowMs,
  });
}

/** The record with what the file says; what it leaves out stays. */
function withFacts(
  server: SourceServerRecord,
  { userProvidedId, platform, fqdn, tags, launch }: ServerFacts,
  applicationId: string | undefined,
): SourceServerRecord {
  return configureLaunch(
    {
      ...server,
      tags: { ...server.tags, ...tags },
      ...(userProvidedId === undefined ? {} : { userProvidedId }),
      ...(platform === undefined ? {} : { platform }),
      ...(fqdn === undefined ? {} : { fqdnForActionFramework: fqdn }),
      ...(applicationId === undefined ? {} : { applicationId }),
    },
    launch,
  );
}

function tooManyServers(): ApiError {
  return ApiError.quotaExceeded(`There may be at most ${SERVERS_MAX} servers that are not archived.`, {
    resourceType: 'SourceServer',
    serviceCode: 'mgn',
    quotaValue: SERVERS_MAX,
  });
}
