/** Versions of launch templates: added, found, deleted; and the version that would make a machine again. */
import { type Ec2Handlers, type Ec2Input, ec2Error, isoDateTime, type XmlMembers } from '@landfall/api';
import { addVersion, removeVersion, type TemplateVersion } from '../launch/launch-template.ts';
import { checkTemplateData } from '../operations/launch-templates.ts';
import type { Service } from '../service.ts';
import {
  type LaunchTemplateRecord,
  type LaunchTemplateVersionRecord,
  listLaunchTemplates,
  listVersions,
} from '../store/launch-templates.ts';
import type { Queries } from '../store/schema.ts';
import { requireMachine } from './find-machines.ts';
import { requireTemplate, requireTemplateVersion, templateName } from './find-template.ts';
import { listPage } from './listings.ts';
import { listNetworks } from './networks.ts';
import { readTemplateData, showTemplateData } from './template-data.ts';

type Operations = Pick<
  Ec2Handlers<Service>,
  | 'CreateLaunchTemplateVersion'
  | 'DescribeLaunchTemplateVersions'
  | 'DeleteLaunchTemplateVersions'
  | 'GetLaunchTemplateData'
>;

export const launchTemplateVersionOperations: Operations = {
  CreateLaunchTemplateVersion: async (input, service) => {
    const networkNames = (await listNetworks(service)).map(({ name }) => name);
    const added = await service.store.transaction((tx) => add(service, tx, input, networkNames));
    return { launchTemplateVersion: showVersion(added) };
  },

  DescribeLaunchTemplateVersions: async (input, { store }) => {
    const versions = await store.transaction((tx) => select(tx, input));
    const { items, nextToken } = listPage(versions, input, {
      name: `DescribeLaunchTemplateVersions ${input.LaunchTemplateId ?? input.LaunchTemplateName ?? ''}`,
      idOf: ({ version }) => String(version.versionNumber),
      sortKeyOf: newestFirst,
      table: {
        'create-time': ({ version }) => isoDateTime(version.createdAtMs),
        'image-id': ({ version }) => version.ec2Members?.ImageId,
        'instance-type': ({ version }) => version.data.instanceType,
        'is-default-version': isDefault,
      },
    });
    return { launchTemplateVersionSet: items.map(showVersion), nextToken };
  },

  DeleteLaunchTemplateVersions: ({ LaunchTemplateVersion: selectors, ...which }, { store }) =>
    store.transaction(async (tx) => {
      const template = await requireTemplate(tx, which);
      const results: RemovalResult[] = [];
      for (const selector of new Set(selectors)) results.push(await remove(tx, template, selector));
      return {
        successfullyDeletedLaunchTemplateVersionSet: results.flatMap(({ deleted = [] }) => deleted),
        unsuccessfullyDeletedLaunchTemplateVersionSet: results.flatMap(({ failed = [] }) => failed),
      };
    }),

  GetLaunchTemplateData: async ({ InstanceId }, { store }) => {
    const { instanceType, tags, made } = await requireMachine(store.db, InstanceId);
    const { networkName, inboundPorts, inboundTraffic, addresses, disks } = made ?? {};
    const data = {
      instanceType,
      networkName,
      inboundPorts,
      inboundTraffic,
      addresses,
      disks: disks?.map(({ settings }) => settings),
      tags,
    };
    return { launchTemplateData: showTemplateData({ data }) };
  },
};

async function add(
  service: Service,
  tx: Queries,
  input: Ec2Input<'CreateLaunchTemplateVersion'>,
  networkNames: readonly string[],
): Promise<TemplateVersion> {
  const template = await requireTemplate(tx, input);
  const { SourceVersion, VersionDescription: description, ClientToken: clientToken } = input;
  const made = clientToken === undefined ? undefined : await findByToken(tx, template, clientToken);
  if (made !== undefined) return { template, version: made };
  const base =
    SourceVersion === undefined ? undefined : await requireTemplateVersion(tx, template, SourceVersion);
  const content = readTemplateData(input.LaunchTemplateData, { base, networkNames });
  checkTemplateData(service, content.data);
  return addVersion(tx, template, { ...content, nowMs: service.clock.nowMs(), description, clientToken });
}

async function findByToken(
  tx: Queries,
  { launchTemplateId }: LaunchTemplateRecord,
  clientToken: string,
): Promise<LaunchTemplateVersionRecord | undefined> {
  const versions = await listVersions(tx, launchTemplateId);
  return versions.find((version) => version.clientToken === clientToken);
}

type Selection = Ec2Input<'DescribeLaunchTemplateVersions'>;

/** Of one template, or the newest and default ones of all. */
async function select(tx: Queries, input: Selection): Promise<readonly TemplateVersion[]> {
  const { LaunchTemplateVersion: selectors = [] } = input;
  if (input.LaunchTemplateId === undefined && input.LaunchTemplateName === undefined) {
    if (selectors.length === 0 || selectors.some((one) => !one.startsWith('$'))) {
      const why = 'Without a launch template, LaunchTemplateVersion has to be $Latest, $Default, or both.';
      throw ec2Error('MissingParameter', why);
    }
    const templates = await listLaunchTemplates(tx);
    return (await Promise.all(templates.map((template) => selectOf(tx, template, input)))).flat();
  }
  return selectOf(tx, await requireTemplate(tx, input), input);
}

async function selectOf(
  tx: Queries,
  template: LaunchTemplateRecord,
  { LaunchTemplateVersion: selectors = [], MinVersion, MaxVersion }: Selection,
): Promise<readonly TemplateVersion[]> {
  const named = await Promise.all(selectors.map((one) => requireTemplateVersion(tx, template, one)));
  const numbers = new Set(named.map(({ versionNumber }) => versionNumber));
  const [least, most] = [Number(MinVersion ?? 1), Number(MaxVersion ?? Number.MAX_SAFE_INTEGER)];
  const versions = await listVersions(tx, template.launchTemplateId);
  return versions
    .filter(({ versionNumber }) => numbers.size === 0 || numbers.has(versionNumber))
    .filter(({ versionNumber }) => versionNumber >= least && versionNumber <= most)
    .map((version) => ({ template, version }));
}

const VERSION_NUMBER_MAX = 10 ** 9;

function newestFirst({ version: { versionNumber, launchTemplateId } }: TemplateVersion): string {
  return `${launchTemplateId} ${String(VERSION_NUMBER_MAX - versionNumber).padStart(10, '0')}`;
}

function isDefault({ template, version }: TemplateVersion): boolean {
  return template.defaultVersion === version.versionNumber;
}

interface RemovalResult {
  readonly deleted?: XmlMembers;
  readonly failed?: XmlMembers;
}

/** What cannot be deleted is told beside what was. */
async function remove(tx: Queries, template: LaunchTemplateRecord, selector: string): Promise<RemovalResult> {
  const { launchTemplateId, defaultVersion } = template;
  const which = { launchTemplateId, launchTemplateName: templateName(template) };
  const versions = await listVersions(tx, launchTemplateId);
  const version = versions.find(({ versionNumber }) => String(versionNumber) === selector);
  if (version === undefined) {
    const responseError = {
      code: 'launchTemplateVersionDoesNotExist',
      message: `There is no version ${selector}.`,
    };
    const versionNumber = /^\d+$/.test(selector) ? Number(selector) : undefined;
    return { failed: { ...which, versionNumber, responseError } };
  }
  const { versionNumber } = version;
  if (versionNumber === defaultVersion) {
    const message = 'The default version cannot be deleted; make another the default first.';
    return { failed: { ...which, versionNumber, responseError: { code: 'unexpectedError', message } } };
  }
  await removeVersion(tx, template, selector);
  return { deleted: { ...which, versionNumber } };
}

function showVersion({ template, version }: TemplateVersion) {
  return {
    launchTemplateId: template.launchTemplateId,
    launchTemplateName: templateName(template),
    versionNumber: version.versionNumber,
    versionDescription: version.description,
    createTime: isoDateTime(version.createdAtMs),
    defaultVersion: isDefault({ template, version }),
    launchTemplateData: showTemplateData(version),
  };
}
