/** Launch templates by EC2's names for them. */
import { ec2Error } from '@landfall/api';
import { selectVersion } from '../launch/launch-template.ts';
import {
  findLaunchTemplate,
  findLaunchTemplateById,
  type LaunchTemplateRecord,
  type LaunchTemplateVersionRecord,
  listNamedTemplates,
} from '../store/launch-templates.ts';
import type { Queries } from '../store/schema.ts';

/** As Application Migration Service names those it makes. */
const SERVER_TEMPLATE = 'created-and-used-by-application-migration-service-';

export interface WhichTemplate {
  readonly LaunchTemplateId?: string;
  readonly LaunchTemplateName?: string;
}

export function templateName({ name, sourceServerId }: LaunchTemplateRecord): string {
  return name ?? `${SERVER_TEMPLATE}${sourceServerId}`;
}

export function templateTags({ name, sourceServerId, tags = {} }: LaunchTemplateRecord) {
  return name === undefined ? serverTags(sourceServerId) : tags;
}

/** What Application Migration Service writes on what it makes for a server. */
export function serverTags(sourceServerId: string): Readonly<Record<string, string>> {
  return {
    AWSApplicationMigrationServiceManaged: 'mgn.amazonaws.com',
    AWSApplicationMigrationServiceSourceServerID: sourceServerId,
  };
}

/** Errors: MissingParameter, InvalidParameterCombination, InvalidLaunchTemplate….NotFound…. */
export async function requireTemplate(
  db: Queries,
  { LaunchTemplateId: id, LaunchTemplateName: name }: WhichTemplate,
): Promise<LaunchTemplateRecord> {
  if (id !== undefined && name !== undefined) {
    const why = 'Either LaunchTemplateId or LaunchTemplateName may be given, not both.';
    throw ec2Error('InvalidParameterCombination', why);
  }
  if (id !== undefined) return (await findLaunchTemplateById(db, id)) ?? templateIdUnknown(id);
  if (name !== undefined) return (await findTemplateNamed(db, name)) ?? templateNameUnknown(name);
  throw ec2Error('MissingParameter', 'Either LaunchTemplateId or LaunchTemplateName must be given.');
}

export async function findTemplateNamed(
  db: Queries,
  name: string,
): Promise<LaunchTemplateRecord | undefined> {
  if (isServerTemplateName(name)) return findLaunchTemplate(db, name.slice(SERVER_TEMPLATE.length));
  return (await listNamedTemplates(db)).find((template) => template.name === name);
}

/** Names that a server's template has, or would have. */
export function isServerTemplateName(name: string): boolean {
  return name.startsWith(SERVER_TEMPLATE);
}

/** Errors: InvalidLaunchTemplateId.VersionNotFound. */
export async function requireTemplateVersion(
  db: Queries,
  template: LaunchTemplateRecord,
  selector: string,
): Promise<LaunchTemplateVersionRecord> {
  const version = await selectVersion(db, template, selector);
  if (version !== undefined) return version;
  const what = `launch template version ${selector} of ${template.launchTemplateId}`;
  throw ec2Error('InvalidLaunchTemplateId.VersionNotFound', `Could not find ${what}`);
}

export function templateIdUnknown(id: string): never {
  throw ec2Error(
    'InvalidLaunchTemplateId.NotFound',
    `The specified launch template, with template ID ${id}, does not exist.`,
  );
}

export function templateNameUnknown(name: string): never {
  throw ec2Error(
    'InvalidLaunchTemplateName.NotFoundException',
    `The specified launch template, with template name ${name}, does not exist.`,
  );
}
