/**
 * What an item of an import changes is asked about as the operation that changes it alone would be: by the
 * policies of who asked for the import, as they are now. What it makes new is part of StartImport itself.
 */
import { arnOf } from '@landfall/api';
import { authorise, type Tags } from '../identity/authorisation.ts';
import { callContext } from '../identity/call-context.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import { tagsOfResource } from '../operations/tags.ts';
import type { Service, ServiceFacts } from '../service.ts';
import type { GroupRecord } from '../store/groups.ts';
import type { Asker } from '../store/inventory-tasks.ts';
import type { Queries } from '../store/schema.ts';

/** One item of an import, in its transaction. */
export interface ItemWork {
  readonly service: Service;
  readonly tx: Queries;
  /** Of the launch hosts. */
  readonly networkNames: readonly string[];
  /** Absent: an import that an earlier version began, which was asked about as a whole. */
  readonly askedBy: Asker | undefined;
}

export interface Change {
  /** `mgn:TagResource` */
  readonly action: string;
  readonly resources: readonly string[];
  readonly tags?: Tags;
}

/** Before anything is changed: tags count as they are. Errors: AccessDeniedException. */
export async function requireAllowed(work: ItemWork, changes: readonly Change[]): Promise<void> {
  const { service, tx, askedBy } = work;
  if (askedBy === undefined) return;
  const { caller, sourceIp } = askedBy;
  const { facts, store } = service;
  const tagsOf = (resource: string) => tagsOfResource({ facts, store: { ...store, db: tx } }, resource);
  for (const { action, resources, tags } of changes) {
    const context = { ...callContext(service, caller, sourceIp), requestTags: tags };
    await authorise({ caller, action, resources, context }, { db: tx, tagsOf });
  }
}

export function changesOfServer(
  { facts }: Service,
  known: SourceServerRecord,
  next: SourceServerRecord,
): readonly Change[] {
  const resources = [arnOf('mgn', 'source-server', known.sourceServerId, facts)];
  const { applicationId } = next;
  const joined =
    applicationId === undefined || applicationId === known.applicationId
      ? []
      : [joinChange('mgn:AssociateSourceServers', applicationArn(facts, applicationId), resources)];
  const isOtherLaunch = !isSame(launchOf(known), launchOf(next));
  return [
    ...tagChange(resources, known.tags, next.tags),
    ...(isOtherLaunch ? [{ action: 'mgn:UpdateLaunchConfiguration', resources }] : []),
    ...(isSame(namesOf(known), namesOf(next)) ? [] : [{ action: 'mgn:UpdateSourceServer', resources }]),
    ...joined,
  ];
}

/** A new version of its launch template, which launches take from then on. */
export function changesOfTemplate(
  { facts }: Service,
  { sourceServerId }: SourceServerRecord,
): readonly Change[] {
  const resources = [arnOf('mgn', 'source-server', sourceServerId, facts)];
  return ['landfall:CreateLaunchTemplateVersion', 'landfall:SetDefaultLaunchTemplateVersion'].map(
    (action) => ({ action, resources }),
  );
}

/** A server that is new has nothing yet that could be asked about, but its application has. */
export function changesOfNewServer(
  { facts }: Service,
  { applicationId }: SourceServerRecord,
): readonly Change[] {
  if (applicationId === undefined) return [];
  return [joinChange('mgn:AssociateSourceServers', applicationArn(facts, applicationId), [])];
}

export function changesOfGroup({ facts }: Service, known: GroupRecord, next: GroupRecord): readonly Change[] {
  const resources = [groupArn(facts, known)];
  const isOther = known.name !== next.name || known.description !== next.description;
  const action = known.kind === 'WAVE' ? 'mgn:UpdateWave' : 'mgn:UpdateApplication';
  return [...(isOther ? [{ action, resources }] : []), ...tagChange(resources, known.tags, next.tags)];
}

/** An application that the same item made is asked about, too: it is there by now. */
export function changeOfWave({ facts }: Service, application: GroupRecord, waveId: string): Change {
  const wave = arnOf('mgn', 'wave', waveId, facts);
  return joinChange('mgn:AssociateApplications', wave, [groupArn(facts, application)]);
}

function joinChange(action: string, group: string, members: readonly string[]): Change {
  return { action, resources: [group, ...members] };
}

function tagChange(resources: readonly string[], known: Tags, next: Tags): readonly Change[] {
  const changed = Object.entries(next).filter(([key, value]) => known[key] !== value);
  return changed.length === 0
    ? []
    : [{ action: 'mgn:TagResource', resources, tags: Object.fromEntries(changed) }];
}

function launchOf({ launchConfiguration, inventoryLaunch }: SourceServerRecord): readonly unknown[] {
  return [launchConfiguration, inventoryLaunch];
}

function namesOf(server: SourceServerRecord): readonly unknown[] {
  const { userProvidedId, platform, fqdnForActionFramework } = server;
  return [userProvidedId, platform, fqdnForActionFramework];
}

function isSame(left: readonly unknown[], right: readonly unknown[]): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function groupArn(facts: ServiceFacts, { kind, groupId }: GroupRecord): string {
  return arnOf('mgn', kind === 'WAVE' ? 'wave' : 'application', groupId, facts);
}

function applicationArn(facts: ServiceFacts, applicationId: string): string {
  return arnOf('mgn', 'application', applicationId, facts);
}
