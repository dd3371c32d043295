/**
 * Security groups: one a TCP port, `tcp-22`, which lets that port in from everywhere, `default`, which lets
 * nothing in, and `all`, which lets everything in. They are always there and cannot be changed; a machine
 * lets in what its groups let in together.
 */
import { type Ec2Handlers, ec2Error } from '@landfall/api';
import type { LaunchTemplateData } from '../launch/launch-template.ts';
import type { Service } from '../service.ts';
import { listAllVersions } from '../store/launch-templates.ts';
import { listMachines } from '../store/machines.ts';
import { listPage } from './listings.ts';
import { groupIdOfPort, portOfGroupId, vpcId } from './stable-ids.ts';

type Operations = Pick<Ec2Handlers<Service>, 'DescribeSecurityGroups'>;

/** What a template or a machine has of them; without ports, nothing is let in. */
export type Inbound = Pick<LaunchTemplateData, 'inboundPorts' | 'inboundTraffic'>;

const NO_PORT = 0;
const PORT_MAX = 65_535;
const ALL_PORTS = PORT_MAX + 1;

export const securityGroupOperations: Operations = {
  DescribeSecurityGroups: async (input, service) => {
    const { GroupId: ids = [], GroupName: names = [] } = input;
    const named = [...ids.map(portOfGroup), ...names.map(portOfGroupNamed)];
    const groups = named.length > 0 ? [...new Set(named)] : await groupsInUse(service);
    const { accountId } = service.facts;
    const { items, nextToken } = listPage(groups, input, {
      ...{ name: `DescribeSecurityGroups ${JSON.stringify(named)}`, idOf: groupIdOfPort, tagsOf: () => ({}) },
      table: {
        'group-id': groupIdOfPort,
        'group-name': groupNameOf,
        description: descriptionOf,
        'owner-id': () => accountId,
        'vpc-id': () => vpcId(accountId),
        'ip-permission.protocol': (port) => permissionOf(port)?.ipProtocol,
        'ip-permission.from-port': (port) => permissionOf(port)?.fromPort,
        'ip-permission.to-port': (port) => permissionOf(port)?.toPort,
      },
    });
    return { securityGroupInfo: items.map((port) => showGroup(accountId, port)), nextToken };
  },
};

/** Errors: InvalidGroup.NotFound. */
export function inboundOfGroups(ids: readonly string[], names: readonly string[] = []): Inbound {
  return inboundOf([...ids.map(portOfGroup), ...names.map(portOfGroupNamed)]);
}

/** Of the numbers that `portOfGroupId` gives. */
export function inboundOf(groups: readonly number[]): Inbound {
  return {
    inboundPorts: [...new Set(groups)].filter((port) => port !== NO_PORT && port !== ALL_PORTS),
    inboundTraffic: groups.includes(ALL_PORTS) ? 'ALL' : 'LISTED_PORTS',
  };
}

/** Nothing is let in: the default group alone. */
export function groupsOf(inbound: Inbound): readonly { groupId: string; groupName: string }[] {
  const groups = numbersOf(inbound);
  const shown = groups.length === 0 ? [NO_PORT] : groups;
  return shown.map((port) => ({ groupId: groupIdOfPort(port), groupName: groupNameOf(port) }));
}

function numbersOf({ inboundPorts = [], inboundTraffic }: Inbound): readonly number[] {
  return inboundTraffic === 'ALL' ? [ALL_PORTS, ...inboundPorts] : inboundPorts;
}

function portOfGroup(id: string): number {
  const port = portOfGroupId(id);
  if (port !== undefined) return port;
  throw ec2Error('InvalidGroup.NotFound', `The security group '${id}' does not exist`);
}

function portOfGroupNamed(name: string): number {
  const known = [NO_PORT, ALL_PORTS].find((port) => name === groupNameOf(port));
  if (known !== undefined) return known;
  const port = Number(/^tcp-([1-9]\d{0,4})$/.exec(name)?.[1] ?? Number.NaN);
  if (port <= PORT_MAX) return port;
  throw ec2Error('InvalidGroup.NotFound', `The security group '${name}' does not exist`);
}

function groupNameOf(port: number): string {
  if (port === ALL_PORTS) return 'all';
  return port === NO_PORT ? 'default' : `tcp-${port}`;
}

function descriptionOf(port: number): string {
  if (port === ALL_PORTS) return 'lets everything in';
  return port === NO_PORT ? 'lets nothing in' : `lets TCP port ${port} in`;
}

/** Of launch templates, in whichever version, and of machines. */
async function groupsInUse({ store: { db } }: Service): Promise<readonly number[]> {
  const [versions, machines] = await Promise.all([listAllVersions(db), listMachines(db)]);
  const lists = [
    ...versions.map(({ data }) => numbersOf(data)),
    ...machines.map(({ made }) => numbersOf(made ?? {})),
  ];
  return [...new Set([NO_PORT, ALL_PORTS, ...lists.flat()])];
}

/** As EC2 shows it; `-1`: every protocol. `undefined`: it lets nothing in. */
function permissionOf(port: number) {
  if (port === NO_PORT) return undefined;
  return port === ALL_PORTS
    ? { ipProtocol: '-1', fromPort: undefined, toPort: undefined }
    : { ipProtocol: 'tcp', fromPort: port, toPort: port };
}

function showGroup(accountId: string, port: number) {
  const everywhere = { ipRanges: [{ cidrIp: '0.0.0.0/0' }], ipv6Ranges: [{ cidrIpv6: '::/0' }] };
  const permission = permissionOf(port);
  return {
    groupId: groupIdOfPort(port),
    groupName: groupNameOf(port),
    groupDescription: descriptionOf(port),
    ownerId: accountId,
    vpcId: vpcId(accountId),
    ipPermissions: permission === undefined ? [] : [{ ...permission, ...everywhere }],
    ipPermissionsEgress: [{ ipProtocol: '-1', ...everywhere }],
    tagSet: [],
  };
}
