/** `landfall launch-configuration`: how a server is launched, in the words of MGN. */
import { type Mgn, operations } from '@landfall/api';
import type { Command } from 'commander';
import { showFacts } from '../../terminal/output.ts';
import { contextOf, findServerId } from '../context.ts';
import { addInputOptions, inputFrom, type MemberOptions, refuseEmpty } from '../input-options.ts';
import { addConfigurationTemplateCommands, LAUNCH_WORDS } from './launch-configuration-template.ts';

const OF_SERVER: MemberOptions = { omit: ['sourceServerID', 'accountID'], ...LAUNCH_WORDS };

export function addLaunchConfigurationCommands(program: Command): void {
  const configuration = program
    .command('launch-configuration')
    .description('how a server is launched, in the words of the MGN API');
  configuration
    .command('show <server>')
    .description('the settings, and the actions that run in a launched machine')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const sourceServerID = await findServerId(client, name);
      const found = await client.mgn('GetLaunchConfiguration', { sourceServerID });
      const actions: Mgn.SourceServerActionDocument[] = [];
      for await (const page of client.mgnPages('ListSourceServerActions', { sourceServerID }))
        actions.push(...(page.items ?? []));
      showFacts(output, { configuration: found, actions }, [
        ...configurationFacts(found),
        ...actionFacts(found, actions),
      ]);
    });
  const { UpdateLaunchConfiguration } = operations.mgn;
  addInputOptions(configuration.command('set <server>'), UpdateLaunchConfiguration, OF_SERVER)
    .description('change some of them')
    .action(async (name: string, options: Record<string, unknown>, command: Command) => {
      const { client, output } = await contextOf(command);
      const change = await inputFrom(options, UpdateLaunchConfiguration, OF_SERVER);
      refuseEmpty(change, 'landfall launch-configuration set');
      const input = { sourceServerID: await findServerId(client, name), ...change };
      const changed = await client.mgn('UpdateLaunchConfiguration', input);
      showFacts(output, changed, configurationFacts(changed));
    });
  addConfigurationTemplateCommands(configuration);
}

function configurationFacts(configuration: Mgn.LaunchConfiguration): [string, unknown][] {
  return [
    ['server', configuration.sourceServerID],
    ['launch template', configuration.ec2LaunchTemplateID],
    ['after the launch', configuration.launchDisposition],
    ['right-sizing', configuration.targetInstanceTypeRightSizingMethod],
    ['boot mode', configuration.bootMode],
    ['copy addresses', configuration.copyPrivateIp === true ? 'yes' : 'no'],
    ['copy tags', configuration.copyTags === true ? 'yes' : 'no'],
  ];
}

function actionFacts(
  { postLaunchActions }: Mgn.LaunchConfiguration,
  actions: readonly Mgn.SourceServerActionDocument[],
): [string, unknown][] {
  const { deployment = 'TEST_AND_CUTOVER', ssmDocuments = [] } = postLaunchActions ?? {};
  const documents = ssmDocuments.map(({ actionName, ssmDocumentName, mustSucceedForCutover }) => [
    'action',
    `${actionName}: ${ssmDocumentName}${mustSucceedForCutover === true ? ', must succeed' : ''}`,
  ]);
  const own = actions.map((action) => [
    `action ${action.order}`,
    [
      `${action.actionName}: ${action.documentIdentifier}`,
      action.mustSucceedForCutover === true ? ', must succeed' : '',
      action.active === false ? ', not active' : '',
    ].join(''),
  ]);
  const all = [...documents, ...own] as [string, unknown][];
  return all.length === 0 ? [] : [['actions run for', deployment], ...all];
}
