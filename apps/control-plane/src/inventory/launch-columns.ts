/**
 * What the columns behind `mgn:launch:` say, read by family; whether their values have the right form; and
 * which of them change nothing about a launch here. Pure.
 */
import { isIP } from 'node:net';
import { type Landfall, operations, validateInput } from '@landfall/api';
import { failuresOf } from './field-failures.ts';

/** Texts by the name of the column behind `mgn:launch:`. */
export type LaunchTexts = Readonly<Record<string, string>>;

type TemplateData = Landfall.LaunchTemplateData;

const VOLUME = /^volume:(.+):type$/s;
const TAG = /^tag:instance:(.+)$/s;
const OTHER_NIC = /^nic:0*[1-9]\d*:/;

const CHOICES: Readonly<Record<string, RegExp>> = {
  'transfer-server-tags': /^(true|false)$/i,
  'placement:operating-system-licensing': /^(LI|BYOL)$/i,
  'placement:tenancy': /^(default|dedicated|host)$/i,
  'nic:0:subnet-id': /^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/,
};

/** Those of a server's launch configuration; all others are of its launch template. */
const OF_CONFIGURATION = ['transfer-server-tags', 'placement:operating-system-licensing'];

export function saysTemplate(texts: LaunchTexts): boolean {
  return Object.keys(texts).some((name) => !OF_CONFIGURATION.includes(name) && !isOfOtherNic(name));
}

/** A machine has one network interface. */
export function isOfOtherNic(name: string): boolean {
  return OTHER_NIC.test(name);
}

/** Values of `nic:0:FAMILY:N` by N; `undefined` when there is none. */
export function listOfNic(texts: LaunchTexts, family: 'security-group-id' | 'private-ip') {
  const prefix = `nic:0:${family}:`;
  const found = Object.entries(texts).filter(([name]) => name.startsWith(prefix));
  if (found.length === 0) return undefined;
  const numberOf = ([name]: readonly [string, string]) => Number(name.slice(prefix.length));
  return found.toSorted((left, right) => numberOf(left) - numberOf(right)).map(([, text]) => text);
}

/** By device name. */
export function volumeTypes(texts: LaunchTexts): ReadonlyMap<string, string> {
  return family(texts, VOLUME);
}

/** By key. */
export function instanceTags(texts: LaunchTexts): ReadonlyMap<string, string> {
  return family(texts, TAG);
}

function family(texts: LaunchTexts, pattern: RegExp): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(texts).flatMap(([name, text]) => {
      const key = pattern.exec(name)?.[1];
      return key === undefined ? [] : [[key, text] as const];
    }),
  );
}

/** What is wrong with a row whatever server it is about. */
export function launchProblems(texts: LaunchTexts): readonly string[] {
  const choices = Object.entries(CHOICES).flatMap(([name, pattern]) => {
    const text = texts[name];
    return text === undefined || pattern.test(text) ? [] : [`mgn:launch:${name} cannot be ${text}`];
  });
  const groups = (listOfNic(texts, 'security-group-id') ?? [])
    .filter((id) => !/^sg-[0-9a-f]{8,17}$/.test(id))
    .map((id) => `mgn:launch:nic:0:security-group-id cannot be ${id}`);
  const addresses = (listOfNic(texts, 'private-ip') ?? [])
    .filter((text) => !isAddress(text))
    .map((text) => `mgn:launch:nic:0:private-ip cannot be ${text}`);
  return [...choices, ...groups, ...addresses, ...templateProblems(formOf(texts))];
}

/** As a launch template would have them, for the validator. */
function formOf(texts: LaunchTexts): TemplateData {
  const disks = [...volumeTypes(texts)].map(([deviceName, volumeType]) => ({
    deviceName,
    volumeType: readVolumeType(volumeType),
  }));
  const addresses = listOfNic(texts, 'private-ip')?.map(() => ({ address: '192.0.2.1/24' }));
  const tags = Object.fromEntries(instanceTags(texts));
  return { instanceType: texts['instance-type'], disks, addresses, tags };
}

/** Whatever else it is, the validator says. */
export function readVolumeType(text: string): Landfall.DiskVolumeType {
  return text.toLowerCase() as Landfall.DiskVolumeType;
}

/** `10.0.0.7` or `10.0.0.7/24`. */
function isAddress(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/');
  const bits = isIP(address) === 4 ? 32 : 128;
  const isPrefix =
    prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) >= 1 && Number(prefix) <= bits);
  return isIP(address) !== 0 && isPrefix && more.length === 0;
}

const COLUMN_OF: Readonly<Record<string, string>> = {
  instanceType: 'instance-type',
  disks: 'volume',
  addresses: 'nic:0:private-ip',
  inboundPorts: 'nic:0:security-group-id',
  tags: 'tag:instance',
};

/** What the shapes of launch templates refuse, by column. */
export function templateProblems(launchTemplateData: TemplateData): readonly string[] {
  const input = { sourceServerID: 's-00000000000000000', launchTemplateData };
  return failuresOf(() => validateInput(operations.landfall.CreateLaunchTemplateVersion, input)).map(
    ({ name, message }) => {
      const member = name.split('.')[1]?.replace(/\[.*$/, '') ?? '';
      return `mgn:launch:${COLUMN_OF[member] ?? member} ${message}`;
    },
  );
}

/** Columns whose values are kept and shown again and change nothing about a launch: we have no such thing. */
export function columnsWithoutEffect(texts: LaunchTexts): readonly string[] {
  return Object.keys(texts).filter((name) => {
    if (name === 'placement:tenancy') return texts[name]?.toLowerCase() !== 'default';
    const isPlain = ['iam-instance-profile:name', 'placement:host-id', 'nic:0:network-interface-id'];
    return isPlain.includes(name) || VOLUME.test(name) || isOfOtherNic(name);
  });
}
