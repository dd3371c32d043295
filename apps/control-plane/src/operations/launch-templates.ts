/** Versions of launch templates, and the sizes they can name. */
import { isIP } from 'node:net';
import { ApiError, type Handlers, isoDateTime, type Landfall, paginate } from '@landfall/api';
import { checkHydrationLimit } from '../hydration/hydration-wish.ts';
import {
  addVersion,
  type LaunchTemplateData,
  mergeData,
  removeVersion,
  requireVersion,
  setDefaultVersion,
  type TemplateVersion,
} from '../launch/launch-template.ts';
import { serverTemplate } from '../launch/server-template.ts';
import type { Service } from '../service.ts';
import { findSize } from '../sizes/right-sizing.ts';
import { listVersions } from '../store/launch-templates.ts';
import type { Queries } from '../store/schema.ts';
import { requireServer } from './change-source-server.ts';

type Operations = Pick<
  Handlers<'landfall', Service>,
  | 'CreateLaunchTemplateVersion'
  | 'DescribeLaunchTemplateVersions'
  | 'SetDefaultLaunchTemplateVersion'
  | 'DeleteLaunchTemplateVersion'
  | 'ListMachineSizes'
>;

export const launchTemplateOperations: Operations = {
  CreateLaunchTemplateVersion: (input, service) =>
    service.store.transaction(async (tx) => {
      const { template } = await templateOf(service, tx, input.sourceServerID);
      const { sourceVersion } = input;
      const base =
        sourceVersion === undefined ? undefined : await requireVersion(tx, template, sourceVersion);
      checkTemplateData(service, input.launchTemplateData);
      const added = await addVersion(tx, template, {
        data: mergeData(base?.data, input.launchTemplateData),
        ec2Members: base?.ec2Members,
        nowMs: service.clock.nowMs(),
        description: input.versionDescription,
      });
      return { launchTemplateVersion: showVersion(added) };
    }),

  DescribeLaunchTemplateVersions: (input, service) =>
    service.store.transaction(async (tx) => {
      const { template } = await templateOf(service, tx, input.sourceServerID);
      const { versions = [] } = input;
      const named = await Promise.all(versions.map((selector) => requireVersion(tx, template, selector)));
      const numbers = new Set(named.map(({ versionNumber }) => versionNumber));
      const all = await listVersions(tx, template.launchTemplateId);
      const wanted = all.filter(({ versionNumber }) => numbers.size === 0 || numbers.has(versionNumber));
      const page = paginate(wanted, input, {
        listing: `LaunchTemplateVersions ${template.launchTemplateId} ${JSON.stringify(versions)}`,
        sortKeyOf: ({ versionNumber }) => String(versionNumber).padStart(9, '0'),
        order: 'descending',
      });
      return { ...page, items: page.items.map((version) => showVersion({ template, version })) };
    }),

  SetDefaultLaunchTemplateVersion: (input, service) =>
    service.store.transaction(async (tx) => {
      const { template } = await templateOf(service, tx, input.sourceServerID);
      return { launchTemplateVersion: showVersion(await setDefaultVersion(tx, template, input.version)) };
    }),

  DeleteLaunchTemplateVersion: (input, service) =>
    service.store.transaction(async (tx) => {
      const { template } = await templateOf(service, tx, input.sourceServerID);
      await removeVersion(tx, template, input.version);
      return {};
    }),

  ListMachineSizes: async (_input, { sizes }) => ({ items: sizes }),
};

async function templateOf(service: Service, tx: Queries, sourceServerId: string): Promise<TemplateVersion> {
  return serverTemplate(service, tx, await requireServer(tx, sourceServerId));
}

/** What the shapes cannot say. Errors: ValidationException. */
export function checkTemplateData(
  { sizes }: Pick<Service, 'sizes'>,
  { instanceType, inboundPorts, addresses, disks, hydrationBytesPerSecondMax }: LaunchTemplateData,
) {
  if (instanceType !== undefined && findSize(sizes, instanceType) === undefined) {
    throw invalid('instanceType', `${instanceType} is no size of the catalogue; ListMachineSizes shows them`);
  }
  if (inboundPorts !== undefined && new Set(inboundPorts).size < inboundPorts.length) {
    throw invalid('inboundPorts', 'names a port twice');
  }
  checkHydrationLimit('launchTemplateData.hydrationBytesPerSecondMax', hydrationBytesPerSecondMax);
  const deviceNames = disks?.map(({ deviceName }) => deviceName) ?? [];
  if (new Set(deviceNames).size < deviceNames.length) throw invalid('disks', 'names a disk twice');
  for (const { address, gateway, nameServers = [] } of addresses ?? []) {
    const [ip = '', prefix = ''] = address.split('/');
    const isPrefix = Number(prefix) >= 1 && Number(prefix) <= (isIP(ip) === 4 ? 32 : 128);
    if (isIP(ip) === 0 || !isPrefix)
      throw invalid('addresses', `${address} is no address with a prefix length`);
    const wrong = [...(gateway === undefined ? [] : [gateway]), ...nameServers].find(
      (one) => isIP(one) === 0,
    );
    if (wrong !== undefined) throw invalid('addresses', `${wrong} is no address`);
  }
}

function invalid(member: string, message: string): ApiError {
  const name = `launchTemplateData.${member}`;
  return ApiError.validation(`${name}: ${message}.`, {
    reason: 'fieldValidationFailed',
    fieldList: [{ name, message }],
  });
}

function showVersion({ template, version }: TemplateVersion): Landfall.LaunchTemplateVersion {
  return {
    launchTemplateID: template.launchTemplateId,
    sourceServerID: template.sourceServerId,
    versionNumber: version.versionNumber,
    isDefault: version.versionNumber === template.defaultVersion,
    createdDateTime: isoDateTime(version.createdAtMs),
    versionDescription: version.description,
    launchTemplateData: version.data,
  };
}
