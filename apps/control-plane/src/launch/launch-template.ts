/**
 * Launch templates: what a machine is made of beyond the words of MGN's launch configuration. Whoever speaks
 * for them over the wire uses these functions; all of it happens in the caller's transaction.
 *
 * LT1 A server has one template from its enrolment, or from when it is first asked for. Others have a name
 *     and no server: nothing is launched by them.
 * LT2 A version is never changed; its number is never given again.
 * LT3 The default version exists always.
 */
import { ApiError, type Landfall } from '@landfall/api';
import { assert, type Random } from '@landfall/runtime';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import {
  deleteVersion,
  type Ec2Members,
  findLaunchTemplate,
  findVersion,
  insertLaunchTemplate,
  insertVersion,
  type LaunchTemplateRecord,
  type LaunchTemplateVersionRecord,
  listVersions,
  saveLaunchTemplate,
} from '../store/launch-templates.ts';
import type { Queries } from '../store/schema.ts';

export type LaunchTemplateData = Landfall.LaunchTemplateData;

export interface TemplateVersion {
  readonly template: LaunchTemplateRecord;
  readonly version: LaunchTemplateVersionRecord;
}

export interface MakingOptions {
  readonly nowMs: number;
  readonly random: Random;
}

/** Version 1, when there is none yet (LT1). */
export async function ensureTemplate(
  tx: Queries,
  { sourceServerId }: SourceServerRecord,
  firstData: LaunchTemplateData,
  { nowMs, random }: MakingOptions,
): Promise<LaunchTemplateRecord> {
  const known = await findLaunchTemplate(tx, sourceServerId);
  if (known !== undefined) return known;
  const launchTemplateId = templateId(random);
  const template = {
    launchTemplateId,
    sourceServerId,
    createdAtMs: nowMs,
    defaultVersion: 1,
    latestVersion: 1,
  };
  await insertLaunchTemplate(tx, template);
  const description = 'made when the server was added';
  await insertVersion(tx, {
    launchTemplateId,
    versionNumber: 1,
    createdAtMs: nowMs,
    description,
    data: firstData,
  });
  return template;
}

export interface NewTemplate {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly version: NewVersion;
}

/** For no server. Its name is the caller's to be unique. */
export async function createTemplate(
  tx: Queries,
  { name, tags, version }: NewTemplate,
  random: Random,
): Promise<TemplateVersion> {
  const launchTemplateId = templateId(random);
  const template = {
    ...{ launchTemplateId, sourceServerId: launchTemplateId, name, tags },
    createdAtMs: version.nowMs,
    defaultVersion: 1,
    latestVersion: 1,
  };
  await insertLaunchTemplate(tx, template);
  const first = versionRecord(launchTemplateId, 1, version);
  await insertVersion(tx, first);
  return { template, version: first };
}

export interface NewVersion extends Pick<LaunchTemplateVersionRecord, 'data'> {
  readonly nowMs: number;
  readonly description?: string | undefined;
  readonly isDefault?: boolean;
  readonly ec2Members?: Ec2Members | undefined;
  readonly clientToken?: string | undefined;
}

export async function addVersion(
  tx: Queries,
  template: LaunchTemplateRecord,
  added: NewVersion,
): Promise<TemplateVersion> {
  const versionNumber = template.latestVersion + 1;
  const changed = {
    ...template,
    latestVersion: versionNumber,
    defaultVersion: added.isDefault === true ? versionNumber : template.defaultVersion,
  };
  const version = versionRecord(template.launchTemplateId, versionNumber, added);
  await saveLaunchTemplate(tx, changed);
  await insertVersion(tx, version);
  return { template: changed, version };
}

function versionRecord(
  launchTemplateId: string,
  versionNumber: number,
  { data, nowMs, description, ec2Members, clientToken }: NewVersion,
): LaunchTemplateVersionRecord {
  return {
    launchTemplateId,
    versionNumber,
    createdAtMs: nowMs,
    ...(description === undefined ? {} : { description }),
    data,
    ...(ec2Members === undefined ? {} : { ec2Members }),
    ...(clientToken === undefined ? {} : { clientToken }),
  };
}

/** `$Default`, `$Latest` or a number. Errors: ResourceNotFoundException. */
export async function requireVersion(
  db: Queries,
  template: LaunchTemplateRecord,
  selector: string,
): Promise<LaunchTemplateVersionRecord> {
  const version = await selectVersion(db, template, selector);
  if (version !== undefined) return version;
  throw ApiError.notFound(`${template.launchTemplateId} version ${selector}`, 'LaunchTemplateVersion');
}

export async function defaultVersion(
  db: Queries,
  template: LaunchTemplateRecord,
): Promise<LaunchTemplateVersionRecord> {
  const version = await findVersion(db, template.launchTemplateId, template.defaultVersion);
  assert(version !== undefined, 'LT3: the default version is there');
  return version;
}

/** Errors: ResourceNotFoundException. */
export async function setDefaultVersion(
  tx: Queries,
  template: LaunchTemplateRecord,
  selector: string,
): Promise<TemplateVersion> {
  const version = await requireVersion(tx, template, selector);
  const changed = { ...template, defaultVersion: version.versionNumber };
  await saveLaunchTemplate(tx, changed);
  return { template: changed, version };
}

/** Errors: ResourceNotFoundException; ConflictException for the default version (LT3). */
export async function removeVersion(
  tx: Queries,
  template: LaunchTemplateRecord,
  selector: string,
): Promise<void> {
  const { launchTemplateId, versionNumber } = await requireVersion(tx, template, selector);
  if (versionNumber === template.defaultVersion) {
    const why = `version ${versionNumber} is the default of ${launchTemplateId}; make another the default first`;
    throw ApiError.conflict(why, { resourceId: launchTemplateId, resourceType: 'LaunchTemplate' });
  }
  await deleteVersion(tx, launchTemplateId, versionNumber);
}

/** What `given` leaves out comes from `base`. */
export function mergeData(
  base: LaunchTemplateData | undefined,
  given: LaunchTemplateData,
): LaunchTemplateData {
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...base, ...Object.fromEntries(present) };
}

/** `undefined`: there is none. */
export async function selectVersion(
  db: Queries,
  { launchTemplateId, defaultVersion: byDefault }: LaunchTemplateRecord,
  selector: string,
): Promise<LaunchTemplateVersionRecord | undefined> {
  if (selector === '$Latest') return (await listVersions(db, launchTemplateId)).at(-1);
  return findVersion(db, launchTemplateId, selector === '$Default' ? byDefault : Number(selector));
}

/** The form of EC2's: `lt-` and 17 hexadecimal digits. */
function templateId(random: Random): string {
  return `lt-${random.bytes(9).toString('hex').slice(0, 17)}`;
}
