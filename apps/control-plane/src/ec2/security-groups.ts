/**
 * Security groups: one a TCP port, `tcp-22`, which lets that port in from everywhere, and `default`, which
 * lets nothing in. They are always there and cannot be changed; a machine lets in what its groups let in
 * together.
 */
import { type Ec2Handlers, ec2Error } from '@landfall/api';
import type { Service } from '../service.ts';
import { listAllVersions } from '../store/launch-templates.ts';
import { listMachines } from '../store/machines.ts';
import { listPage } from './listings.ts';
import { groupIdOfPort, portOfGroupId, vpcId } from './stable-ids.ts';

type Operations = Pick<Ec2Handlers<Service>, 'DescribeSecurityGroups'>;

const NO_PORT = 0;
const PORT_MAX = 65_535;

export const securityGroupOperations: Operations = {
  DescribeSecurityGroups: async (input, service) => {
    const { GroupId: ids = [], GroupName: names = [] } = input;
    const named = [...ids.map(portOfGroup), ...names.map(portOfGroupNamed)];
    const ports = named.length > 0 ? [...new Set(named)] : await portsInUse(service);
    const { accountId } = service.facts;
    const { items, nextToken } = listPage(ports, input, {
      ...{ name: `DescribeSecurityGroups ${JSON.stringify(named)}`, idOf: groupIdOfPort, tagsOf: () => ({}) },
      table: {
        'group-id': groupIdOfPort,
        'group-name': groupNameOf,
        description: descriptionOf,
        'owner-id': () => accountId,
        'vpc-id': () => vpcId(accountId),
        'ip-permission.protocol': (port) => (port === NO_PORT ? undefined : 'tcp'),
        'ip-permission.from-port': (port) => (port === NO_PORT ? undefined : port),
        'ip-permission.to-port': (port) => (port === NO_PORT ? undefined : port),
      },
    });
    return { securityGroupInfo: items.map((port) => showGroup(accountId, port)), nextToken };
  },
};

/** Errors: InvalidGroup.NotFound. */
export function portsOfGroups(ids: readonly string[], names: readonly string[] = []): readonly number[] {
  const ports = [...ids.map(portOfGroup), ...names.map(portOfGroupNamed)];
  return [...new Set(ports)].filter((port) => port !== NO_PORT);
}

/** No ports: the default group alone. */
export function groupsOfPorts(ports: readonly number[]): readonly { groupId: string; groupName: string }[] {
  const shown = ports.length === 0 ? [NO_PORT] : ports;
  return shown.map((port) => ({ groupId: groupIdOfPort(port), groupName: groupNameOf(port) }));
}

function portOfGroup(id: string): number {
  const port = portOfGroupId(id);
  if (port !== undefined) return port;
  throw ec2Error('InvalidGroup.NotFound', `The security group '${id}' does not exist`);
}

function portOfGroupNamed(name: string): number {
  if (name === groupNameOf(NO_PORT)) return NO_PORT;
  const port = Number(/^tcp-([1-9]\d{0,4})$/.exec(name)?.[1] ?? Number.NaN);
  if (port <= PORT_MAX) return port;
  throw ec2Error('InvalidGroup.NotFound', `The security group '${name}' does not exist`);
}

function groupNameOf(port: number): string {
  return port === NO_PORT ? 'default' : `tcp-${port}`;
}

function descriptionOf(port: number): string {
  return port === NO_PORT ? 'lets nothing in' : `lets TCP port ${port} in`;
}

/** Of launch templates, in whichever version, and of machines. */
async function portsInUse({ store: { db } }: Service): Promise<readonly number[]> {
  const [versions, machines] = await Promise.all([listAllVersions(db), listMachines(db)]);
  const lists = [
    ...versions.map(({ data }) => data.inboundPorts),
    ...machines.map(({ made }) => made?.inboundPorts),
  ];
  return [...new Set([NO_PORT, ...lists.flatMap((ports) => ports ?? [])])];
}

function showGroup(accountId: string, port: number) {
  const everywhere = { ipRanges: [{ cidrIp: '0.0.0.0/0' }], ipv6Ranges: [{ cidrIpv6: '::/0' }] };
  return {
    groupId: groupIdOfPort(port),
    groupName: groupNameOf(port),
    groupDescription: descriptionOf(port),
    ownerId: accountId,
    vpcId: vpcId(accountId),
    ipPermissions:
      port === NO_PORT ? [] : [{ ipProtocol: 'tcp', fromPort: port, toPort: port, ...everywhere }],
    ipPermissionsEgress: [{ ipProtocol: '-1', ...everywhere }],
    tagSet: [],
  };
}
