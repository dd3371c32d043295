/**
 * Launch template data between EC2's words and ours, pure. What has a meaning here becomes our data; what has
 * none and does no harm is kept beside it and shown again (`Ec2Members`).
 */
import {
  type Ec2LaunchTemplateData,
  type Ec2TagSpecification,
  ec2Error,
  KEPT_LAUNCH_TEMPLATE_MEMBERS as KEPT,
  pickEc2Values,
  showEc2Values,
  XmlList,
  type XmlMembers,
} from '@landfall/api';
import { type LaunchTemplateData, mergeData } from '../launch/launch-template.ts';
import type { Ec2Members, KeptDevice, LaunchTemplateVersionRecord } from '../store/launch-templates.ts';
import { tagSet } from './listings.ts';
import { networkNameOf } from './networks.ts';
import { groupsOf, type Inbound, inboundOfGroups } from './security-groups.ts';
import { subnetId } from './stable-ids.ts';

export interface TemplateContent {
  readonly data: LaunchTemplateData;
  readonly ec2Members: Ec2Members;
}

type BaseVersion = Pick<LaunchTemplateVersionRecord, 'data' | 'ec2Members'>;
type NetworkInterface = NonNullable<Ec2LaunchTemplateData['NetworkInterface']>[number];
type BlockDevice = NonNullable<Ec2LaunchTemplateData['BlockDeviceMapping']>[number];
type Disk = NonNullable<LaunchTemplateData['disks']>[number];

export interface ReadingOptions {
  /** What is not given comes from it. */
  readonly base?: BaseVersion | undefined;
  readonly networkNames: readonly string[];
}

/**
 * Errors: InvalidSubnetID.NotFound, InvalidGroup.NotFound, InvalidParameterValue,
 * InvalidParameterCombination.
 */
export function readTemplateData(
  given: Ec2LaunchTemplateData,
  { base, networkNames }: ReadingOptions,
): TemplateContent {
  const own = ownData(given, base?.data, networkNames);
  return {
    data: mergeData(inherited(base?.data, given), own),
    ec2Members: { ...base?.ec2Members, ...keptMembers(given) },
  };
}

/** A network interface that is given takes the place of the whole of the former one. */
function inherited(
  base: LaunchTemplateData | undefined,
  { NetworkInterface }: Ec2LaunchTemplateData,
): LaunchTemplateData | undefined {
  if (base === undefined || NetworkInterface === undefined) return base;
  const { networkName: _name, addresses: _addresses, ...others } = base;
  const { inboundPorts: _ports, inboundTraffic: _traffic, ...rest } = others;
  return rest;
}

function ownData(
  given: Ec2LaunchTemplateData,
  base: LaunchTemplateData | undefined,
  networkNames: readonly string[],
): LaunchTemplateData {
  const [networkInterface] = given.NetworkInterface ?? [];
  const { SubnetId, PrivateIpAddress } = networkInterface ?? {};
  const known = base?.networkName === undefined ? networkNames : [...networkNames, base.networkName];
  return {
    instanceType: given.InstanceType,
    networkName: SubnetId === undefined ? undefined : networkNameOf(known, SubnetId),
    addresses: PrivateIpAddress === undefined ? undefined : keptAddress(PrivateIpAddress, base),
    ...inboundGiven(given, networkInterface),
    disks: given.BlockDeviceMapping?.map(({ DeviceName, Ebs = {} }) => ({
      deviceName: DeviceName,
      ...{ volumeType: Ebs.VolumeType, iops: Ebs.Iops, throughput: Ebs.Throughput },
      deleteOnTermination: Ebs.DeleteOnTermination,
    })),
    tags: given.TagSpecification === undefined ? undefined : instanceTags(given.TagSpecification),
  };
}

/** EC2 has no word for the prefix length of an address, nor for its gateway. */
function keptAddress(address: string, base: LaunchTemplateData | undefined): LaunchTemplateData['addresses'] {
  const [first] = base?.addresses ?? [];
  if (first?.address.split('/')[0] === address) return base?.addresses;
  const why = 'An address needs its prefix length; set it with `landfall launch-template set`';
  throw ec2Error(
    'InvalidParameterValue',
    `Value (${address}) for parameter PrivateIpAddress is invalid. ${why}.`,
  );
}

function inboundGiven(
  { SecurityGroupId, SecurityGroup }: Ec2LaunchTemplateData,
  networkInterface: NetworkInterface | undefined,
): Inbound {
  const ofInterface = networkInterface?.SecurityGroupId;
  const ofInstance = SecurityGroupId ?? SecurityGroup;
  if (ofInterface !== undefined && ofInstance !== undefined) {
    const why =
      'Network interfaces and an instance-level security groups may not be specified on the same request';
    throw ec2Error('InvalidParameterCombination', why);
  }
  if (ofInterface !== undefined) return inboundOfGroups(ofInterface);
  return ofInstance === undefined ? {} : inboundOfGroups(SecurityGroupId ?? [], SecurityGroup);
}

function instanceTags(specifications: readonly Ec2TagSpecification[]): Readonly<Record<string, string>> {
  return tagsGiven(specifications, 'instance');
}

/** Of all specifications for this kind. Errors: InvalidParameterValue for a key that is there twice. */
export function tagsGiven(
  specifications: readonly Ec2TagSpecification[] | undefined,
  resourceType: string,
): Readonly<Record<string, string>> {
  const tags = (specifications ?? [])
    .filter(({ ResourceType }) => ResourceType === resourceType)
    .flatMap(({ Tag = [] }) => Tag);
  const keys = tags.map(({ Key }) => Key);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) {
    throw ec2Error('InvalidParameterValue', `Duplicate tag key '${twice}' specified.`);
  }
  return Object.fromEntries(tags.map(({ Key, Value = '' }) => [Key, Value]));
}

function keptMembers(given: Ec2LaunchTemplateData): Ec2Members {
  const members = {
    ...pickEc2Values(KEPT.data, given),
    BlockDeviceMapping: given.BlockDeviceMapping?.flatMap(keptOfDevice),
    NetworkInterface: given.NetworkInterface?.map((one) => pickEc2Values(KEPT.networkInterface, one)),
    TagSpecification: given.TagSpecification?.filter(({ ResourceType }) => ResourceType !== 'instance'),
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function keptOfDevice(device: BlockDevice): readonly KeptDevice[] {
  const others = pickEc2Values(KEPT.blockDevice, device);
  const Ebs = pickEc2Values(KEPT.ebs, device.Ebs ?? {});
  const isPlain = Object.keys({ ...others, ...Ebs }).length === 0;
  return isPlain ? [] : [{ DeviceName: device.DeviceName, Ebs, others }];
}

/** The content of `launchTemplateData` in answers. */
export function showTemplateData({ data, ec2Members = {} }: BaseVersion): XmlMembers {
  return {
    ...showEc2Values(KEPT.data, pickEc2Values(KEPT.data, ec2Members)),
    blockDeviceMappingSet: data.disks?.map((disk) => showDevice(disk, ec2Members)),
    networkInterfaceSet: showInterfaces(data, ec2Members),
    instanceType: data.instanceType,
    tagSpecificationSet: showTagSpecifications(data, ec2Members),
  };
}

function showDevice({ deviceName, ...ebs }: Disk, { BlockDeviceMapping = [] }: Ec2Members): XmlMembers {
  const kept = BlockDeviceMapping.find(({ DeviceName }) => DeviceName === deviceName);
  if (kept === undefined) return { deviceName, ebs };
  return {
    deviceName,
    ...showEc2Values(KEPT.blockDevice, kept.others),
    ebs: { ...ebs, ...showEc2Values(KEPT.ebs, kept.Ebs) },
  };
}

function showInterfaces(
  { networkName, addresses, inboundPorts, inboundTraffic }: LaunchTemplateData,
  { NetworkInterface }: Ec2Members,
): readonly XmlMembers[] | undefined {
  const kept = NetworkInterface?.[0];
  const hasGroups = inboundPorts !== undefined || inboundTraffic === 'ALL';
  const isPlain = networkName === undefined && addresses === undefined && !hasGroups;
  if (isPlain && kept === undefined) return undefined;
  const [address] = addresses?.[0]?.address.split('/') ?? [];
  const groups = groupsOf({ inboundPorts, inboundTraffic }).map(({ groupId }) => groupId);
  return [
    {
      ...showEc2Values(KEPT.networkInterface, kept ?? {}),
      deviceIndex: 0,
      groupSet: hasGroups ? new XmlList('groupId', groups) : undefined,
      privateIpAddress: address,
      subnetId: networkName === undefined ? undefined : subnetId(networkName),
    },
  ];
}

function showTagSpecifications(
  { tags }: LaunchTemplateData,
  { TagSpecification = [] }: Ec2Members,
): readonly XmlMembers[] | undefined {
  const ofInstance = tags === undefined ? [] : [{ resourceType: 'instance', tagSet: tagSet(tags) }];
  const others = TagSpecification.map(({ ResourceType, Tag = [] }) => ({
    resourceType: ResourceType,
    tagSet: Tag.map(({ Key, Value = '' }) => ({ key: Key, value: Value })),
  }));
  const all = [...ofInstance, ...others];
  return all.length === 0 ? undefined : all;
}
