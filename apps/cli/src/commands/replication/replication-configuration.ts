/** `landfall replication-configuration …`: how servers are replicated, in the words of the MGN API. */
import { type Mgn, operations } from '@landfall/api';
import type { Command } from 'commander';
import { showFacts, showRows } from '../../terminal/output.ts';
import type { Column } from '../../terminal/table.ts';
import { contextOf, findServerId } from '../context.ts';
import { addInputOptions, inputFrom, type MemberOptions, refuseEmpty } from '../input-options.ts';
import { addListing, type ListOptions, listItems } from '../listing.ts';
import { settingFacts } from '../setting-facts.ts';

const WORDS = {
  associateDefaultSecurityGroup: 'put replication servers into the default security group too',
  bandwidthThrottling: 'megabits a second; 0 for no limit',
  createPublicIP: 'give replication servers a public address',
  dataPlaneRouting: 'which address agents connect to',
  defaultLargeStagingDiskType: 'type of large staging disks',
  ebsEncryption: 'which key encrypts staging disks',
  ebsEncryptionKeyArn: 'the key, with encryption CUSTOM',
  internetProtocol: 'of replication',
  name: 'of the configuration',
  replicatedDisks: 'types of the staging disks: [{"deviceName":…,"stagingDiskType":…}]',
  replicationServerInstanceType: 'size of replication servers',
  replicationServersSecurityGroupsIDs: 'a security group; may be given several times, `none` for none',
  stagingAreaSubnetId: 'subnet of the staging area',
  stagingAreaTags: 'a tag of what is made there; may be given several times',
  storageConfiguration: 'where staging disks are kept',
  storeSnapshotOnLocalZone: 'keep snapshots in a local zone',
  tags: 'a tag of the template; may be given several times',
  useDedicatedReplicationServer: 'a replication server of its own',
  useFipsEndpoint: 'agents use FIPS endpoints',
};

const OF_SERVER: MemberOptions = { omit: ['sourceServerID', 'accountID'], words: WORDS };
const OF_TEMPLATE: MemberOptions = { omit: ['replicationConfigurationTemplateID', 'arn'], words: WORDS };

/** What the API wants of a new template, where nothing else is said; what new servers get without one. */
const DEFAULTS = {
  stagingAreaSubnetId: 'subnet-00000000',
  associateDefaultSecurityGroup: true,
  replicationServersSecurityGroupsIDs: [],
  replicationServerInstanceType: 't3.small',
  useDedicatedReplicationServer: false,
  defaultLargeStagingDiskType: 'GP3',
  ebsEncryption: 'DEFAULT',
  bandwidthThrottling: 0,
  dataPlaneRouting: 'PRIVATE_IP',
  createPublicIP: false,
  stagingAreaTags: {},
} as const satisfies Mgn.CreateReplicationConfigurationTemplateRequest;

const COLUMNS: readonly Column<Mgn.ReplicationConfigurationTemplate>[] = [
  { title: 'ID', value: (template) => template.replicationConfigurationTemplateID },
  { title: 'BANDWIDTH', value: ({ bandwidthThrottling }) => bandwidthText(bandwidthThrottling) },
  { title: 'ROUTING', value: ({ dataPlaneRouting }) => dataPlaneRouting },
  { title: 'ENCRYPTION', value: ({ ebsEncryption }) => ebsEncryption },
  { title: 'SUBNET', value: ({ stagingAreaSubnetId }) => stagingAreaSubnetId },
];

type Given = Record<string, unknown>;

export function addReplicationConfigurationCommands(program: Command): void {
  const configuration = program
    .command('replication-configuration')
    .description('how servers are replicated, in the words of the MGN API');
  configuration
    .command('show <server>')
    .description('the settings of a server')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const sourceServerID = await findServerId(client, name);
      const found = await client.mgn('GetReplicationConfiguration', { sourceServerID });
      showFacts(output, found, settingFacts(found));
    });
  const { UpdateReplicationConfiguration } = operations.mgn;
  addInputOptions(configuration.command('set <server>'), UpdateReplicationConfiguration, OF_SERVER)
    .description('change some of them')
    .action(async (name: string, options: Given, command: Command) => {
      const { client, output } = await contextOf(command);
      const change = await inputFrom(options, UpdateReplicationConfiguration, OF_SERVER);
      refuseEmpty(change, 'landfall replication-configuration set');
      const input = { sourceServerID: await findServerId(client, name), ...change };
      const changed = await client.mgn('UpdateReplicationConfiguration', input);
      showFacts(output, changed, settingFacts(changed));
    });
  addTemplateCommands(configuration.command('template').description('what new servers begin with'));
}

function addTemplateCommands(template: Command): void {
  const list = template.command('list').description('list templates');
  addListing(list, 'DescribeReplicationConfigurationTemplates').action(
    async (options: ListOptions, command: Command) => {
      const { client, output } = await contextOf(command);
      const items = await listItems(client, 'DescribeReplicationConfigurationTemplates', {}, options);
      showRows(output, items, COLUMNS, 'No templates yet: the first server makes one with the defaults.');
    },
  );
  const { CreateReplicationConfigurationTemplate, UpdateReplicationConfigurationTemplate } = operations.mgn;
  addInputOptions(template.command('create'), CreateReplicationConfigurationTemplate, OF_TEMPLATE)
    .description('make a template; what is not said is as without one')
    .action(async (options: Given, command: Command) => {
      const { client, output } = await contextOf(command);
      const given = await inputFrom(options, CreateReplicationConfigurationTemplate, OF_TEMPLATE);
      const made = await client.mgn('CreateReplicationConfigurationTemplate', { ...DEFAULTS, ...given });
      showFacts(output, made, settingFacts(made));
    });
  addInputOptions(
    template.command('set <replicationConfigurationTemplateID>'),
    UpdateReplicationConfigurationTemplate,
    OF_TEMPLATE,
  )
    .description('change some of its settings; servers there are keep theirs')
    .action(async (replicationConfigurationTemplateID: string, options: Given, command: Command) => {
      const { client, output } = await contextOf(command);
      const change = await inputFrom(options, UpdateReplicationConfigurationTemplate, OF_TEMPLATE);
      refuseEmpty(change, 'landfall replication-configuration template set');
      const input = { replicationConfigurationTemplateID, ...change };
      const changed = await client.mgn('UpdateReplicationConfigurationTemplate', input);
      showFacts(output, changed, settingFacts(changed));
    });
  template
    .command('delete <replicationConfigurationTemplateID>')
    .description('remove a template')
    .action(async (replicationConfigurationTemplateID: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      await client.mgn('DeleteReplicationConfigurationTemplate', { replicationConfigurationTemplateID });
      showFacts(output, { replicationConfigurationTemplateID, deleted: true }, [
        ['deleted', replicationConfigurationTemplateID],
      ]);
    });
}

function bandwidthText(mbps: number | undefined): string | undefined {
  return mbps === 0 ? 'no limit' : mbps === undefined ? undefined : `${mbps} Mbit/s`;
}
