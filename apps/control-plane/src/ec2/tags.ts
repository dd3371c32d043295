/** DescribeTags: of instances, launch templates and networks. */
import type { Ec2Handlers } from '@landfall/api';
import type { Service } from '../service.ts';
import { listLaunchTemplates } from '../store/launch-templates.ts';
import { templateTags } from './find-template.ts';
import { instanceTags, isListed, listInstances } from './instance.ts';
import { listPage } from './listings.ts';
import { listNetworks, networkTags, VPC_TAGS } from './networks.ts';
import { subnetId, vpcId } from './stable-ids.ts';

type Operations = Pick<Ec2Handlers<Service>, 'DescribeTags'>;

interface TagEntry {
  readonly resourceType: string;
  readonly resourceId: string;
  readonly key: string;
  readonly value: string;
}

export const tagOperations: Operations = {
  DescribeTags: async (input, service) => {
    const { items, nextToken } = listPage(await listTags(service), input, {
      name: 'DescribeTags',
      idOf: ({ resourceId, key }) => `${resourceId} ${key}`,
      table: {
        key: ({ key }) => key,
        value: ({ value }) => value,
        'resource-id': ({ resourceId }) => resourceId,
        'resource-type': ({ resourceType }) => resourceType,
      },
    });
    return { tagSet: items.map((entry) => ({ ...entry })), nextToken };
  },
};

async function listTags(service: Service): Promise<readonly TagEntry[]> {
  const instances = (await listInstances(service)).filter((instance) => isListed(service, instance));
  const templates = await listLaunchTemplates(service.store.db);
  const networks = await listNetworks(service);
  return [
    ...instances.flatMap((instance) =>
      entries('instance', instance.machine.machineId, instanceTags(instance)),
    ),
    ...templates.flatMap((template) =>
      entries('launch-template', template.launchTemplateId, templateTags(template)),
    ),
    ...networks.flatMap((network) => entries('subnet', subnetId(network.name), networkTags(network))),
    ...entries('vpc', vpcId(service.facts.accountId), VPC_TAGS),
  ];
}

function entries(
  resourceType: string,
  resourceId: string,
  tags: Readonly<Record<string, string>>,
): readonly TagEntry[] {
  return Object.entries(tags).map(([key, value]) => ({ resourceType, resourceId, key, value }));
}
