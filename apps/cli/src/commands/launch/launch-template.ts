/** `landfall launch-template`: what a machine is made of beyond MGN's launch configuration, by versions. */
import type { ApiClient, Landfall } from '@landfall/api';
import { formatBytes, OperationError } from '@landfall/runtime';
import type { Command } from 'commander';
import { showFacts, showRows } from '../../terminal/output.ts';
import type { Column } from '../../terminal/table.ts';
import { type Context, contextOf, findServerId } from '../context.ts';
import { collect, speedLimit } from '../options.ts';
import { allItems } from '../pages.ts';

const COLUMNS: readonly Column<Landfall.LaunchTemplateVersion>[] = [
  {
    title: 'VERSION',
    value: ({ versionNumber, isDefault }) => `${versionNumber}${isDefault ? ' (default)' : ''}`,
  },
  { title: 'MADE', value: ({ createdDateTime }) => createdDateTime },
  { title: 'SIZE', value: ({ launchTemplateData }) => launchTemplateData.instanceType },
  { title: 'NETWORK', value: ({ launchTemplateData }) => launchTemplateData.networkName },
  { title: 'PORTS', value: ({ launchTemplateData }) => portsText(launchTemplateData) },
  { title: 'WHY', value: ({ versionDescription }) => versionDescription },
];

const SIZE_COLUMNS: readonly Column<Landfall.MachineSizeItem>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'PROCESSORS', value: ({ cpuCount }) => cpuCount },
  { title: 'MEMORY', value: ({ memoryBytes }) => formatBytes(memoryBytes) },
];

interface SetOptions {
  readonly size?: string;
  readonly network?: string;
  readonly port?: readonly string[];
  readonly address?: readonly string[];
  readonly gateway?: string;
  readonly nameServer?: readonly string[];
  readonly disk?: readonly string[];
  readonly conversion?: string;
  readonly fill?: string;
  readonly fillLimit?: string;
  readonly tag?: readonly string[];
  readonly description?: string;
  readonly default: boolean;
}

export function addLaunchTemplateCommands(program: Command): void {
  const template = program.command('launch-template').description('what launched machines are made of');
  template
    .command('show <server>')
    .description('the version that launches follow')
    .option('--version <version>', 'another one: a number or $Latest', '$Default')
    .action(async (name: string, options: { version: string }, command: Command) => {
      const { client, output } = await contextOf(command);
      const sourceServerID = await findServerId(client, name);
      const versions = [options.version];
      const { items } = await client.landfall('DescribeLaunchTemplateVersions', { sourceServerID, versions });
      const [found] = items;
      showFacts(output, found, found === undefined ? [] : templateFacts(found));
    });
  template
    .command('versions <server>')
    .description('list its versions, newest first')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const sourceServerID = await findServerId(client, name);
      const items = await allItems((page) =>
        client.landfall('DescribeLaunchTemplateVersions', { sourceServerID, ...page }),
      );
      showRows(output, items, COLUMNS, 'No versions.');
    });
  addSetCommand(template);
  addVersionVerb(
    template,
    'set-default',
    'launches follow this version from now on',
    async (client, input) => {
      await client.landfall('SetDefaultLaunchTemplateVersion', input);
    },
  );
  addVersionVerb(template, 'delete-version', 'forget a version', async (client, input) => {
    await client.landfall('DeleteLaunchTemplateVersion', input);
  });
}

export function addSizesCommand(machine: Command): void {
  machine
    .command('sizes')
    .description('the sizes a machine can have')
    .action(async (_options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      showRows(output, (await client.landfall('ListMachineSizes', {})).items, SIZE_COLUMNS, 'No sizes.');
    });
}

function addSetCommand(template: Command): void {
  template
    .command('set <server>')
    .description('make a new version with these changes to the default one')
    .option('--size <name>', 'of `landfall machine sizes`; counts with right-sizing NONE')
    .option('--network <name>', 'a network of the launch host')
    .option(
      '--port <port>',
      'let TCP connections in; may be given several times, `none` for none, `all` for whatever its network lets in',
      collect,
    )
    .option(
      '--address <address/prefix>',
      'its own address, `dhcp` for none; may be given several times',
      collect,
    )
    .option('--gateway <address>', 'of the first address')
    .option('--name-server <address>', 'of the first address; may be given several times', collect)
    .option(
      '--disk <device:name=value,…>',
      'iops, throughput (MiB/s), type, keep=yes; one option a disk',
      collect,
    )
    .option('--conversion <method>', 'automatic, landfall, or virt-v2v')
    .option('--fill <when>', "a cutover's disks: after-launch, by themselves, or at-finalize")
    .option('--fill-limit <bytes>', 'a second, for all disks of a machine: 50MiB; `none` for no limit')
    .option('--tag <key=value>', 'of the machine; may be given several times', collect)
    .option('--description <text>', 'of the version')
    .option('--no-default', 'launches go on to follow the version they follow now')
    .action(async (name: string, options: SetOptions, command: Command) =>
      setTemplate(await contextOf(command), name, options),
    );
}

async function setTemplate({ client, output }: Context, name: string, options: SetOptions): Promise<void> {
  const sourceServerID = await findServerId(client, name);
  const { launchTemplateVersion: made } = await client.landfall('CreateLaunchTemplateVersion', {
    sourceServerID,
    sourceVersion: '$Default',
    versionDescription: options.description,
    launchTemplateData: templateData(options),
  });
  if (!options.default) return showFacts(output, made, templateFacts(made));
  const version = String(made.versionNumber);
  const { launchTemplateVersion } = await client.landfall('SetDefaultLaunchTemplateVersion', {
    sourceServerID,
    version,
  });
  showFacts(output, launchTemplateVersion, templateFacts(launchTemplateVersion));
}

type Data = Landfall.LaunchTemplateData;

/** What is not said is left out, and stays as it is. Errors: OPTION_INVALID. */
export function templateData(options: Omit<SetOptions, 'default' | 'description'>): Data {
  const { size, network, port, disk, conversion, fill, fillLimit, tag } = options;
  return {
    ...(size === undefined ? {} : { instanceType: size }),
    ...(network === undefined ? {} : { networkName: network }),
    ...(port === undefined ? {} : inboundOf(port)),
    ...addressData(options),
    ...(disk === undefined ? {} : { disks: disk.map(diskOf) }),
    ...(conversion === undefined ? {} : { conversionMethod: methodOf(conversion) }),
    ...(fill === undefined ? {} : { hydrationStart: startOf(fill) }),
    ...(fillLimit === undefined ? {} : { hydrationBytesPerSecondMax: speedLimit(fillLimit) }),
    ...(tag === undefined ? {} : { tags: Object.fromEntries(tag.map(pairOf)) }),
  };
}

function addressData({
  address,
  gateway,
  nameServer,
}: Pick<SetOptions, 'address' | 'gateway' | 'nameServer'>) {
  if (address === undefined) {
    if (gateway === undefined && nameServer === undefined) return {};
    throw invalid('--gateway and --name-server go with an --address', '--address 192.0.2.10/24');
  }
  const given = address.filter((one) => one !== 'dhcp');
  const addresses = given.map((one, index) =>
    index === 0 ? { address: one, gateway, nameServers: nameServer } : { address: one },
  );
  return { addresses };
}

/** `/dev/sda:iops=500,throughput=200,keep=yes`. */
function diskOf(text: string): NonNullable<Data['disks']>[number] {
  const [deviceName = '', settings = ''] = text.split(':', 2);
  const given = new Map(
    settings
      .split(',')
      .filter((one) => one !== '')
      .map(pairOf),
  );
  const known = ['iops', 'throughput', 'type', 'keep'];
  const unknown = [...given.keys()].find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw invalid(`a disk has no setting ${unknown}`, '--disk /dev/sda:iops=500,keep=yes');
  const number = (key: string) => (given.has(key) ? wholeOf(given.get(key) ?? '', key) : undefined);
  const keep = given.get('keep');
  return {
    deviceName,
    volumeType: given.get('type') as Landfall.DiskVolumeType | undefined,
    iops: number('iops'),
    throughput: number('throughput'),
    deleteOnTermination: keep === undefined ? undefined : keep !== 'yes',
  };
}

const METHODS: Readonly<Record<string, Landfall.ConversionMethod>> = {
  automatic: 'AUTOMATIC',
  landfall: 'LANDFALL',
  'virt-v2v': 'VIRT_V2V',
};

function methodOf(text: string): Landfall.ConversionMethod {
  const method = METHODS[text];
  if (method !== undefined) return method;
  throw invalid(`${text} is no way to convert`, `--conversion ${Object.keys(METHODS).join(' | ')}`);
}

const STARTS: Readonly<Record<string, Landfall.HydrationStart>> = {
  'after-launch': 'AFTER_LAUNCH',
  'at-finalize': 'AT_FINALIZE',
};

function startOf(text: string): Landfall.HydrationStart {
  const start = STARTS[text];
  if (start !== undefined) return start;
  throw invalid(`${text} is no time to fill disks in`, `--fill ${Object.keys(STARTS).join(' | ')}`);
}

function pairOf(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at <= 0) throw invalid(`${text} is not NAME=VALUE`, '--tag owner=web');
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Ports that are given beside `all` are those that are forwarded where a host forwards ports. */
function inboundOf(given: readonly string[]): Pick<Data, 'inboundPorts' | 'inboundTraffic'> {
  const inboundPorts = given.filter((one) => one !== 'none' && one !== 'all').map(portOf);
  if (!given.includes('all')) return { inboundPorts, inboundTraffic: 'LISTED_PORTS' };
  return inboundPorts.length === 0 ? { inboundTraffic: 'ALL' } : { inboundPorts, inboundTraffic: 'ALL' };
}

function portOf(text: string): number {
  return wholeOf(text, 'a port');
}

function wholeOf(text: string, what: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw invalid(`${what} must be a whole number, not ${text}`, '--port 443 --disk /dev/sda:iops=500');
}

function invalid(message: string, example: string): OperationError {
  return new OperationError('OPTION_INVALID', message, { hint: `for example: ${example}` });
}

function addVersionVerb(
  template: Command,
  verb: string,
  description: string,
  act: (client: ApiClient, input: { sourceServerID: string; version: string }) => Promise<void>,
): void {
  template
    .command(`${verb} <server> <version>`)
    .description(description)
    .action(async (name: string, version: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const input = { sourceServerID: await findServerId(client, name), version };
      await act(client, input);
      showFacts(output, input, [
        [`version ${version}`, verb === 'set-default' ? 'is the default' : 'deleted'],
      ]);
    });
}

function templateFacts(version: Landfall.LaunchTemplateVersion): [string, unknown][] {
  const { launchTemplateID, versionNumber, isDefault, launchTemplateData: data } = version;
  const addresses = data.addresses?.map(({ address }) => address) ?? [];
  return [
    ['template', launchTemplateID],
    ['version', `${versionNumber}${isDefault ? ' (default)' : ''}`],
    ['size', data.instanceType],
    ['network', data.networkName ?? "the launch host's default"],
    ['ports let in', portsText(data)],
    ['addresses', addresses.join(' ') || 'by DHCP'],
    ['conversion', data.conversionMethod ?? 'AUTOMATIC'],
    ['disks fill in', fillText(data)],
    ...(data.disks ?? []).map((disk): [string, unknown] => [`disk ${disk.deviceName}`, diskText(disk)]),
    ...Object.entries(data.tags ?? {}).map(([key, value]): [string, unknown] => [`tag ${key}`, value]),
  ];
}

function portsText({ inboundPorts = [], inboundTraffic }: Data): string {
  if (inboundTraffic === 'ALL') return ['all', ...inboundPorts].join(' ');
  return inboundPorts.join(' ') || 'none';
}

function fillText({ hydrationStart = 'AFTER_LAUNCH', hydrationBytesPerSecondMax: limit = 0 }: Data): string {
  return limit === 0 ? hydrationStart : `${hydrationStart}, at most ${formatBytes(limit)}/s`;
}

function diskText({ volumeType, iops, throughput, deleteOnTermination }: NonNullable<Data['disks']>[number]) {
  return [
    volumeType,
    iops === undefined ? undefined : `at most ${iops} operations/s`,
    throughput === undefined ? undefined : `at most ${throughput} MiB/s`,
    deleteOnTermination === false ? 'kept when the machine goes' : undefined,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
}
