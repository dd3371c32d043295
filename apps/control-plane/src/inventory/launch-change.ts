/**
 * The launch settings of a server as an inventory wants them, and back: what a file says goes into its launch
 * configuration and its launch template. Pure.
 *
 * IL1 What was written by `launchTexts` and read again changes nothing.
 * IL2 What a file chooses is not overruled at the next launch: a size turns right-sizing off, an address
 *     turns the source's own off. So neither is written while it is derived.
 */
import { BlockList, isIP } from 'node:net';
import { ApiError, type Ec2Values } from '@landfall/api';
import { groupsOf, type Inbound, inboundOf } from '../ec2/security-groups.ts';
import { portOfGroupId, subnetId } from '../ec2/stable-ids.ts';
import type { TemplateContent } from '../ec2/template-data.ts';
import { keptAddresses } from '../launch/kept-addresses.ts';
import type { LaunchTemplateData } from '../launch/launch-template.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { MachineSizes } from '../sizes/machine-sizes.ts';
import { findSize } from '../sizes/right-sizing.ts';
import type { Ec2Members } from '../store/launch-templates.ts';
import {
  instanceTags,
  isOfOtherNic,
  type LaunchTexts,
  listOfNic,
  readVolumeType,
  templateProblems,
  volumeTypes,
} from './launch-columns.ts';

export type LaunchTarget = Pick<
  SourceServerRecord,
  'disks' | 'inventoryLaunch' | 'launchConfiguration' | 'sourceProperties'
>;

export interface LaunchPlaces {
  readonly sizes: MachineSizes;
  readonly networkNames: readonly string[];
}

type Addresses = NonNullable<LaunchTemplateData['addresses']>;
type Address = Addresses[number];

/** Its launch configuration, and what is kept for no other place. */
export function configureLaunch<Server extends LaunchTarget>(server: Server, texts: LaunchTexts): Server {
  const { 'transfer-server-tags': copyTags, 'placement:operating-system-licensing': licensing } = texts;
  const others = Object.entries(texts).filter(([name]) => isOfOtherNic(name));
  return {
    ...server,
    ...(others.length === 0
      ? {}
      : { inventoryLaunch: { ...server.inventoryLaunch, ...Object.fromEntries(others) } }),
    launchConfiguration: {
      ...server.launchConfiguration,
      ...(copyTags === undefined ? {} : { copyTags: copyTags.toLowerCase() === 'true' }),
      ...(licensing === undefined ? {} : { licensing: { osByol: licensing.toUpperCase() === 'BYOL' } }),
      ...(texts['instance-type'] === undefined ? {} : { targetInstanceTypeRightSizingMethod: 'NONE' }),
      ...(listOfNic(texts, 'private-ip') === undefined ? {} : { copyPrivateIp: false }),
    },
  };
}

/** Errors: ValidationException, naming the column, for what is not here. */
export function changeTemplate(
  { data, ec2Members }: TemplateContent,
  texts: LaunchTexts,
  target: LaunchTarget,
  places: LaunchPlaces,
): TemplateContent {
  const changed: Partial<LaunchTemplateData> = {
    instanceType: sizeNamed(texts['instance-type'], data, places),
    networkName: networkOf(texts['nic:0:subnet-id'], data, places),
    ...inboundOfIds(listOfNic(texts, 'security-group-id'), data),
    addresses: addressesOf(listOfNic(texts, 'private-ip'), data, target),
    disks: disksOf(volumeTypes(texts), data, target),
    tags: tagsOf(instanceTags(texts), data),
  };
  const next = { ...data, ...withoutAbsent(changed) };
  const [problem] = templateProblems(next);
  if (problem !== undefined) throw ApiError.validation(`${problem}.`);
  return { data: next, ec2Members: membersOf(texts, ec2Members) };
}

function withoutAbsent<Members extends object>(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Members;
}

function refuse(column: string, message: string): never {
  throw ApiError.validation(`mgn:launch:${column} ${message}.`);
}

function sizeNamed(name: string | undefined, data: LaunchTemplateData, { sizes }: LaunchPlaces) {
  if (name === undefined || name === data.instanceType || findSize(sizes, name) !== undefined) return name;
  return refuse('instance-type', `is ${name}, which is no size here; \`landfall machine sizes\` lists them`);
}

function networkOf(id: string | undefined, data: LaunchTemplateData, { networkNames }: LaunchPlaces) {
  if (id === undefined) return undefined;
  const own = data.networkName === undefined ? [] : [data.networkName];
  const found = [...own, ...networkNames].find((name) => subnetId(name) === id);
  if (found !== undefined) return found;
  const known = networkNames.map((name) => `${subnetId(name)} (${name})`).join(', ');
  return refuse('nic:0:subnet-id', `is ${id}, which is no network here; there are: ${known || 'none yet'}`);
}

function inboundOfIds(ids: readonly string[] | undefined, data: LaunchTemplateData): Inbound {
  if (ids === undefined || isSame(groupIdsOf(data), ids)) return {};
  const groups = ids.map((id, index) => {
    const column = `nic:0:security-group-id:${index}`;
    return portOfGroupId(id) ?? refuse(column, `is ${id}; groups here are TCP ports: sg- and 17 hexadecimal`);
  });
  return inboundOf(groups);
}

/** None where the template says nothing of them. */
function groupIdsOf(inbound: Inbound): readonly string[] {
  if (inbound.inboundPorts === undefined && inbound.inboundTraffic !== 'ALL') return [];
  return groupsOf(inbound).map(({ groupId }) => groupId);
}

/** A file has no word for a gateway: of an address in a network that is known, it is that network's. */
function addressesOf(
  texts: readonly string[] | undefined,
  { addresses = [] }: LaunchTemplateData,
  { sourceProperties }: LaunchTarget,
): Addresses | undefined {
  if (texts === undefined) return undefined;
  const own = addresses.map(({ address }) => address);
  if (isSame(own, texts)) return addresses;
  const kept = keptAddresses(sourceProperties);
  const known = [...addresses, ...('addresses' in kept ? kept.addresses : [])];
  return texts.map((text, index) => addressOf(text, known, `nic:0:private-ip:${index}`));
}

function addressOf(text: string, known: readonly Address[], column: string): Address {
  const [ip = '', prefix] = text.split('/');
  const same = known.find(({ address }) => address === text || address.split('/')[0] === text);
  if (same !== undefined) return same;
  const neighbour = known.find(
    ({ address }) => isInNetwork(ip, address) && [undefined, address.split('/')[1]].includes(prefix),
  );
  if (neighbour !== undefined) return { ...neighbour, address: `${ip}/${neighbour.address.split('/')[1]}` };
  if (prefix !== undefined) return { address: text };
  return refuse(column, `is ${text}, in no network that is known; write its prefix length, as in ${text}/24`);
}

function isInNetwork(ip: string, network: string): boolean {
  const [address = '', prefix] = network.split('/');
  if (isIP(ip) !== isIP(address)) return false;
  const family = isIP(ip) === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(address, Number(prefix), family);
  return list.check(ip, family);
}

function disksOf(
  types: ReadonlyMap<string, string>,
  { disks = [] }: LaunchTemplateData,
  target: LaunchTarget,
): LaunchTemplateData['disks'] {
  if (types.size === 0) return undefined;
  const names = [...new Set([...disks, ...target.disks].map(({ deviceName }) => deviceName))];
  const unknown = [...types.keys()].find((name) => !names.includes(name));
  if (unknown !== undefined && target.disks.length > 0) {
    refuse(`volume:${unknown}:type`, `names no disk of the server; it has ${names.join(', ')}`);
  }
  const changed = disks.map((disk) => withType(disk, types.get(disk.deviceName)));
  const added = [...types].filter(([name]) => !disks.some(({ deviceName }) => deviceName === name));
  return [
    ...changed,
    ...added.map(([deviceName, type]) => ({ deviceName, volumeType: readVolumeType(type) })),
  ];
}

type Disk = NonNullable<LaunchTemplateData['disks']>[number];

function withType(disk: Disk, type: string | undefined): Disk {
  return type === undefined ? disk : { ...disk, volumeType: readVolumeType(type) };
}

/** Cells lose the spaces around them: what differs in them alone is the same. */
function tagsOf(said: ReadonlyMap<string, string>, { tags = {} }: LaunchTemplateData) {
  if (said.size === 0) return undefined;
  const changed = [...said].filter(([key, value]) => tags[key]?.trim() !== value);
  return { ...tags, ...Object.fromEntries(changed) };
}

/** What nothing here acts on lies where callers of EC2 put it, and find it. */
function membersOf(texts: LaunchTexts, members: Ec2Members): Ec2Members {
  const { IamInstanceProfile, Placement } = members as Readonly<Record<string, Ec2Values | undefined>>;
  const [nic = {}] = members.NetworkInterface ?? [];
  const profile = changedText(texts['iam-instance-profile:name'], IamInstanceProfile?.Name);
  const hostId = changedText(texts['placement:host-id'], Placement?.HostId);
  const tenancy = changedText(texts['placement:tenancy']?.toLowerCase(), Placement?.Tenancy);
  const nicId = changedText(texts['nic:0:network-interface-id'], nic.NetworkInterfaceId);
  const placement = withoutAbsent({ HostId: hostId, Tenancy: tenancy });
  return {
    ...members,
    ...(profile === undefined ? {} : { IamInstanceProfile: { Name: profile } }),
    ...(Object.keys(placement).length === 0 ? {} : { Placement: { ...Placement, ...placement } }),
    ...(nicId === undefined ? {} : { NetworkInterface: [{ ...nic, NetworkInterfaceId: nicId }] }),
  };
}

function changedText(said: string | undefined, known: unknown): string | undefined {
  return said === undefined || (typeof known === 'string' && known.trim() === said) ? undefined : said;
}

/** IL1. `undefined` for a server that has no launch template yet. */
export function launchTexts(
  { launchConfiguration, inventoryLaunch = {} }: LaunchTarget,
  content: TemplateContent | undefined,
): LaunchTexts {
  const { copyTags, licensing } = launchConfiguration;
  const others = Object.entries(inventoryLaunch).filter(([name]) => isOfOtherNic(name));
  return withoutAbsent({
    'transfer-server-tags': copyTags === undefined ? undefined : String(copyTags),
    'placement:operating-system-licensing': licensingText(licensing?.osByol),
    ...Object.fromEntries(others),
    ...(content === undefined ? {} : templateTexts(content, launchConfiguration)),
  }) as LaunchTexts;
}

function licensingText(osByol: boolean | undefined): string | undefined {
  if (osByol === undefined) return undefined;
  return osByol ? 'BYOL' : 'LI';
}

/** IL2 */
function templateTexts(
  { data, ec2Members }: TemplateContent,
  { targetInstanceTypeRightSizingMethod, copyPrivateIp }: LaunchTarget['launchConfiguration'],
): Readonly<Record<string, string | undefined>> {
  const { IamInstanceProfile, Placement } = ec2Members as Readonly<Record<string, Ec2Values | undefined>>;
  const [nic = {}] = ec2Members.NetworkInterface ?? [];
  const addresses = copyPrivateIp === true ? [] : (data.addresses ?? []);
  return {
    'instance-type': targetInstanceTypeRightSizingMethod === 'BASIC' ? undefined : data.instanceType,
    'nic:0:subnet-id': data.networkName === undefined ? undefined : subnetId(data.networkName),
    ...numbered('nic:0:security-group-id', groupIdsOf(data)),
    ...numbered(
      'nic:0:private-ip',
      addresses.map(({ address }) => address),
    ),
    ...Object.fromEntries(
      (data.disks ?? []).map(({ deviceName, volumeType }) => [`volume:${deviceName}:type`, volumeType]),
    ),
    ...Object.fromEntries(
      Object.entries(data.tags ?? {}).map(([key, value]) => [`tag:instance:${key}`, value]),
    ),
    'iam-instance-profile:name': textOf(IamInstanceProfile?.Name),
    'placement:host-id': textOf(Placement?.HostId),
    'placement:tenancy': textOf(Placement?.Tenancy),
    'nic:0:network-interface-id': textOf(nic.NetworkInterfaceId),
  };
}

function numbered(family: string, texts: readonly string[]): LaunchTexts {
  return Object.fromEntries(texts.map((text, index) => [`${family}:${index}`, text]));
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isSame(left: readonly string[] | undefined, right: readonly string[]): boolean {
  return left !== undefined && left.length === right.length && left.every((one, at) => one === right[at]);
}
