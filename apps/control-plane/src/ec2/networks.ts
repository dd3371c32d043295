/** Networks of the launch hosts as subnets of one VPC, and single TCP ports as security groups. */
import { type Ec2Handlers, ec2Error } from '@landfall/api';
import type { Service } from '../service.ts';
import { listPrograms } from '../store/programs.ts';
import { listPage, selectById, tagSet } from './listings.ts';
import { subnetId, vpcId } from './stable-ids.ts';

type Operations = Pick<Ec2Handlers<Service>, 'DescribeSubnets' | 'DescribeVpcs'>;

export interface KnownNetwork {
  readonly name: string;
  readonly kind: string;
}

export const networkOperations: Operations = {
  DescribeSubnets: async (input, service) => {
    const networks = await listNetworks(service);
    const idOf = ({ name }: KnownNetwork) => subnetId(name);
    const wanted = selectById(networks, input.SubnetId, {
      ...{ idOf, notFound: 'InvalidSubnetID.NotFound', kind: 'subnet ID' },
    });
    const { items, nextToken } = listPage(wanted, input, {
      ...{ name: 'DescribeSubnets', idOf, tagsOf: networkTags },
      table: {
        'subnet-id': idOf,
        'vpc-id': () => vpcId(service.facts.accountId),
        'availability-zone': () => zoneOf(service),
        'owner-id': () => service.facts.accountId,
        state: () => 'available',
      },
    });
    return { subnetSet: items.map((network) => showSubnet(service, network)), nextToken };
  },

  DescribeVpcs: async (input, service) => {
    const { accountId } = service.facts;
    const idOf = vpcId;
    const wanted = selectById([accountId], input.VpcId, {
      ...{ idOf, notFound: 'InvalidVpcID.NotFound', kind: 'vpc ID' },
    });
    const { items, nextToken } = listPage(wanted, input, {
      ...{ name: 'DescribeVpcs', idOf, tagsOf: () => VPC_TAGS },
      table: {
        'vpc-id': idOf,
        'owner-id': () => accountId,
        state: () => 'available',
        'is-default': () => true,
        isDefault: () => true,
      },
    });
    return { vpcSet: items.map(showVpc), nextToken };
  },
};

export const VPC_TAGS = { Name: 'landfall' };

/** The only one: machines are placed by free memory, and nobody chooses. */
export function zoneOf({ facts }: Pick<Service, 'facts'>): string {
  return `${facts.region}a`;
}

/** As the launch hosts report them; networks of one name are one. By name. */
export async function listNetworks({ store, reports }: Service): Promise<readonly KnownNetwork[]> {
  const hosts = await listPrograms(store.db, 'launch-host');
  const byName = new Map<string, KnownNetwork>();
  for (const { programId } of hosts) {
    const { networks = [] } = reports.last('launch-host', programId)?.report ?? {};
    for (const network of networks) byName.set(network.name, byName.get(network.name) ?? network);
  }
  return [...byName.values()].toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

/** Errors: InvalidSubnetID.NotFound. */
export function networkNameOf(networks: readonly string[], id: string): string {
  const found = networks.find((name) => subnetId(name) === id);
  if (found !== undefined) return found;
  throw ec2Error('InvalidSubnetID.NotFound', `The subnet ID '${id}' does not exist`);
}

export function networkTags({ name, kind }: KnownNetwork) {
  return { Name: name, 'landfall:kind': kind };
}

function showSubnet(service: Service, network: KnownNetwork) {
  const { accountId, region } = service.facts;
  const id = subnetId(network.name);
  return {
    subnetId: id,
    subnetArn: `arn:aws:ec2:${region}:${accountId}:subnet/${id}`,
    state: 'available',
    vpcId: vpcId(accountId),
    ownerId: accountId,
    availabilityZone: zoneOf(service),
    defaultForAz: false,
    mapPublicIpOnLaunch: false,
    tagSet: tagSet(networkTags(network)),
  };
}

function showVpc(accountId: string) {
  return {
    vpcId: vpcId(accountId),
    ownerId: accountId,
    state: 'available',
    isDefault: true,
    instanceTenancy: 'default',
    tagSet: tagSet(VPC_TAGS),
  };
}
