/** `landfall launch-configuration template …`: what new servers begin with. */
import { type Mgn, operations } from '@landfall/api';
import type { Command } from 'commander';
import { showFacts, showRows } from '../../terminal/output.ts';
import type { Column } from '../../terminal/table.ts';
import { contextOf } from '../context.ts';
import { addInputOptions, inputFrom, type MemberOptions, refuseEmpty } from '../input-options.ts';
import { addListing, type ListOptions, listItems } from '../listing.ts';
import { settingFacts } from '../setting-facts.ts';

/** Of a server's configuration too. */
export const LAUNCH_WORDS = {
  names: { launchDisposition: 'disposition', targetInstanceTypeRightSizingMethod: 'right-sizing' },
  words: {
    associatePublicIpAddress: 'give machines a public address',
    bootMode: 'firmware',
    copyPrivateIp: "keep the source's addresses",
    copyTags: 'onto the machine',
    enableMapAutoTagging: 'put the tag of a migration programme onto machines',
    enableParametersEncryption: 'encrypt the parameters of actions',
    largeVolumeConf: 'large disks of machines: {"volumeType":…}',
    launchDisposition: 'after the launch',
    licensing: 'of the operating system: {"osByol":true}',
    mapAutoTaggingMpeID: 'id in that tag',
    name: 'of the configuration',
    parametersEncryptionKey: 'the key, with encryption of parameters',
    postLaunchActions: 'what runs in a launched machine: {"deployment":…,"ssmDocuments":[…]}',
    smallVolumeConf: 'small disks of machines: {"volumeType":…}',
    smallVolumeMaxSize: 'a disk is small up to so many GiB',
    tags: 'a tag of the template; may be given several times',
    targetInstanceTypeRightSizingMethod: 'of the machine',
  },
} as const satisfies Omit<MemberOptions, 'omit'>;

const OF_TEMPLATE: MemberOptions = { omit: ['launchConfigurationTemplateID'], ...LAUNCH_WORDS };

const COLUMNS: readonly Column<Mgn.LaunchConfigurationTemplate>[] = [
  { title: 'ID', value: (template) => template.launchConfigurationTemplateID },
  { title: 'AFTER THE LAUNCH', value: ({ launchDisposition }) => launchDisposition },
  { title: 'RIGHT-SIZING', value: (template) => template.targetInstanceTypeRightSizingMethod },
  { title: 'BOOT MODE', value: ({ bootMode }) => bootMode },
  { title: 'COPY TAGS', value: ({ copyTags }) => (copyTags === true ? 'yes' : 'no') },
];

type Given = Record<string, unknown>;

export function addConfigurationTemplateCommands(configuration: Command): void {
  const template = configuration.command('template').description('what new servers begin with');
  const list = template.command('list').description('list templates');
  addListing(list, 'DescribeLaunchConfigurationTemplates').action(
    async (options: ListOptions, command: Command) => {
      const { client, output } = await contextOf(command);
      const items = await listItems(client, 'DescribeLaunchConfigurationTemplates', {}, options);
      showRows(output, items, COLUMNS, 'No templates yet: the first server makes one with the defaults.');
    },
  );
  addChangeCommands(template);
  template
    .command('delete <launchConfigurationTemplateID>')
    .description('remove a template')
    .action(async (launchConfigurationTemplateID: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      await client.mgn('DeleteLaunchConfigurationTemplate', { launchConfigurationTemplateID });
      const deleted = { launchConfigurationTemplateID, deleted: true };
      showFacts(output, deleted, [['deleted', launchConfigurationTemplateID]]);
    });
}

function addChangeCommands(template: Command): void {
  const { CreateLaunchConfigurationTemplate, UpdateLaunchConfigurationTemplate } = operations.mgn;
  addInputOptions(template.command('create'), CreateLaunchConfigurationTemplate, OF_TEMPLATE)
    .description('make a template; what is not said is as without one')
    .action(async (options: Given, command: Command) => {
      const { client, output } = await contextOf(command);
      const given = await inputFrom(options, CreateLaunchConfigurationTemplate, OF_TEMPLATE);
      const made = await client.mgn('CreateLaunchConfigurationTemplate', given);
      showFacts(output, made, settingFacts(made));
    });
  addInputOptions(
    template.command('set <launchConfigurationTemplateID>'),
    UpdateLaunchConfigurationTemplate,
    OF_TEMPLATE,
  )
    .description('change some of its settings; servers there are keep theirs')
    .action(async (launchConfigurationTemplateID: string, options: Given, command: Command) => {
      const { client, output } = await contextOf(command);
      const change = await inputFrom(options, UpdateLaunchConfigurationTemplate, OF_TEMPLATE);
      refuseEmpty(change, 'landfall launch-configuration template set');
      const input = { launchConfigurationTemplateID, ...change };
      const changed = await client.mgn('UpdateLaunchConfigurationTemplate', input);
      showFacts(output, changed, settingFacts(changed));
    });
}
