/** DescribeInstances. */
import { type Ec2Handlers, isoDateTime, type XmlMembers } from '@landfall/api';
import type { Service } from '../service.ts';
import type { FilterTable } from './filters.ts';
import {
  INSTANCE_STATES,
  type Instance,
  instanceTags,
  isListed,
  listInstances,
  networkOf,
  privateAddressOf,
  showState,
  stateReasonOf,
} from './instance.ts';
import { type Listing, type ListingRequest, listPage, selectById, tagSet } from './listings.ts';
import { zoneOf } from './networks.ts';
import { groupsOf } from './security-groups.ts';
import { networkInterfaceId, reservationId, subnetId, volumeId, vpcId } from './stable-ids.ts';

type Operations = Pick<Ec2Handlers<Service>, 'DescribeInstances'>;

export const instanceOperations: Operations = {
  DescribeInstances: async (input, service) => {
    const wanted = await wantedInstances(service, input.InstanceId);
    const { items, nextToken } = listInstancePage(service, wanted, input, 'DescribeInstances');
    return { reservationSet: inReservations(service, items), nextToken };
  },
};

/** Errors: InvalidInstanceID.NotFound. */
export async function wantedInstances(
  service: Service,
  ids: readonly string[] = [],
): Promise<readonly Instance[]> {
  const all = await listInstances(service);
  if (ids.length === 0) return all.filter((instance) => isListed(service, instance));
  return selectById(all, ids, { idOf, notFound: 'InvalidInstanceID.NotFound', kind: 'instance ID' });
}

export function listInstancePage(
  service: Service,
  instances: readonly Instance[],
  request: ListingRequest,
  name: string,
): Listing<Instance> {
  return listPage(instances, request, { name, idOf, tagsOf: instanceTags, table: instanceFilters(service) });
}

function idOf({ machine }: Instance): string {
  return machine.machineId;
}

function instanceFilters(service: Service): FilterTable<Instance> {
  const { accountId } = service.facts;
  const subnet = (instance: Instance) => subnetOf(service, instance);
  const groups = ({ machine }: Instance) => groupsOf(machine.made ?? {});
  const disks = ({ machine }: Instance) => machine.made?.disks ?? [];
  return {
    architecture: () => ARCHITECTURE,
    'availability-zone': () => zoneOf(service),
    'block-device-mapping.device-name': (instance) =>
      disks(instance).map(({ settings }) => settings.deviceName),
    'block-device-mapping.volume-id': (instance) =>
      disks(instance).map(({ diskId }) => volumeId(idOf(instance), diskId)),
    'instance.group-id': (instance) => groups(instance).map(({ groupId }) => groupId),
    'instance.group-name': (instance) => groups(instance).map(({ groupName }) => groupName),
    'instance-id': idOf,
    'instance-state-code': ({ state }) => INSTANCE_STATES[state],
    'instance-state-name': ({ state }) => state,
    'instance-type': ({ machine }) => machine.instanceType,
    'launch-time': ({ machine }) => isoDateTime(machine.createdAtMs),
    'network-interface.subnet-id': subnet,
    'owner-id': () => accountId,
    'private-ip-address': privateAddressOf,
    'reservation-id': ({ machine }) => reservationId(machine.jobId),
    'root-device-name': rootDeviceOf,
    'root-device-type': () => 'ebs',
    'state-reason-code': (instance) => stateReasonOf(instance)?.code,
    'subnet-id': subnet,
    'vpc-id': () => vpcId(accountId),
  };
}

const ARCHITECTURE = 'x86_64';

function subnetOf(service: Service, instance: Instance): string | undefined {
  const network = networkOf(service, instance);
  return network === undefined ? undefined : subnetId(network);
}

function rootDeviceOf({ machine }: Instance): string | undefined {
  return machine.made?.disks.find(({ isBootDisk }) => isBootDisk)?.settings.deviceName;
}

/** What one job launched was asked for at once. */
function inReservations(service: Service, instances: readonly Instance[]): readonly XmlMembers[] {
  const byJob = Map.groupBy(instances, ({ machine }) => machine.jobId);
  return [...byJob].map(([jobId, launched]) => ({
    reservationId: reservationId(jobId),
    ownerId: service.facts.accountId,
    groupSet: [],
    instancesSet: launched.map((instance) => showInstance(service, instance)),
  }));
}

function showInstance(service: Service, instance: Instance): XmlMembers {
  const { machine, state } = instance;
  const reason = stateReasonOf(instance);
  return {
    instanceId: machine.machineId,
    instanceState: showState(state),
    privateDnsName: '',
    dnsName: '',
    reason: reason?.message ?? '',
    amiLaunchIndex: 0,
    productCodes: [],
    instanceType: machine.instanceType,
    launchTime: isoDateTime(machine.createdAtMs),
    placement: { availabilityZone: zoneOf(service), hostId: machine.launchHostId, tenancy: 'default' },
    monitoring: { state: 'disabled' },
    subnetId: subnetOf(service, instance),
    vpcId: vpcId(service.facts.accountId),
    privateIpAddress: privateAddressOf(instance),
    groupSet: groupsOf(machine.made ?? {}),
    stateReason: reason,
    architecture: ARCHITECTURE,
    rootDeviceType: 'ebs',
    rootDeviceName: rootDeviceOf(instance),
    blockDeviceMapping: state === 'terminated' ? [] : showDisks(instance),
    virtualizationType: 'hvm',
    tagSet: tagSet(instanceTags(instance)),
    networkInterfaceSet: state === 'terminated' ? [] : [showInterface(service, instance)],
    ebsOptimized: false,
    platformDetails: 'Linux/UNIX',
  };
}

function showDisks({ machine }: Instance): readonly XmlMembers[] {
  return (machine.made?.disks ?? []).map(({ diskId, settings }) => ({
    deviceName: settings.deviceName,
    ebs: {
      volumeId: volumeId(machine.machineId, diskId),
      status: 'attached',
      attachTime: isoDateTime(machine.createdAtMs),
      deleteOnTermination: settings.deleteOnTermination ?? true,
    },
  }));
}

function showInterface(service: Service, instance: Instance): XmlMembers {
  const { machineId, made } = instance.machine;
  const addresses = (made?.addresses ?? []).map(({ address }) => address.split('/')[0] ?? '');
  const [primary] = addresses.length > 0 ? addresses : [privateAddressOf(instance)];
  return {
    networkInterfaceId: networkInterfaceId(machineId),
    subnetId: subnetOf(service, instance),
    vpcId: vpcId(service.facts.accountId),
    ownerId: service.facts.accountId,
    status: 'in-use',
    privateIpAddress: primary,
    privateIpAddressesSet: addresses
      .filter((address) => !address.includes(':'))
      .map((address) => ({ privateIpAddress: address, primary: address === primary })),
    groupSet: groupsOf(made ?? {}),
    attachment: {
      attachmentId: networkInterfaceId(machineId).replace('eni', 'eni-attach'),
      deviceIndex: 0,
      status: 'attached',
      deleteOnTermination: true,
    },
  };
}
