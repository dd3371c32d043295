/** `landfall launch-configuration`: how a server is launched, in the words of MGN. */
import type { Mgn } from '@landfall/api';
import { type Command, Option } from 'commander';
import { showFacts } from '../../terminal/output.ts';
import { contextOf, findServer, idOf } from '../context.ts';

interface SetOptions {
  readonly disposition?: Mgn.LaunchDisposition;
  readonly rightSizing?: Mgn.TargetInstanceTypeRightSizingMethod;
  readonly bootMode?: Mgn.BootMode;
  readonly copyPrivateIp?: 'yes' | 'no';
  readonly copyTags?: 'yes' | 'no';
}

export function addLaunchConfigurationCommands(program: Command): void {
  const configuration = program
    .command('launch-configuration')
    .description('how a server is launched, in the words of the MGN API');
  configuration
    .command('show <server>')
    .description('the settings, and the actions that run in a launched machine')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const sourceServerID = idOf(await findServer(client, name));
      const found = await client.mgn('GetLaunchConfiguration', { sourceServerID });
      const actions: Mgn.SourceServerActionDocument[] = [];
      for await (const page of client.mgnPages('ListSourceServerActions', { sourceServerID }))
        actions.push(...(page.items ?? []));
      showFacts(output, { configuration: found, actions }, [
        ...configurationFacts(found),
        ...actionFacts(found, actions),
      ]);
    });
  configuration
    .command('set <server>')
    .description('change some of them')
    .addOption(new Option('--disposition <what>', 'after the launch').choices(['STARTED', 'STOPPED']))
    .addOption(new Option('--right-sizing <method>', 'of the machine').choices(['NONE', 'BASIC']))
    .addOption(new Option('--boot-mode <mode>', 'firmware').choices(['LEGACY_BIOS', 'UEFI', 'USE_SOURCE']))
    .addOption(new Option('--copy-private-ip <yes|no>', "keep the source's addresses").choices(['yes', 'no']))
    .addOption(new Option('--copy-tags <yes|no>', 'onto the machine').choices(['yes', 'no']))
    .action(async (name: string, options: SetOptions, command: Command) => {
      const { client, output } = await contextOf(command);
      const sourceServerID = idOf(await findServer(client, name));
      const changed = await client.mgn('UpdateLaunchConfiguration', { sourceServerID, ...changeOf(options) });
      showFacts(output, changed, configurationFacts(changed));
    });
}

function changeOf({ disposition, rightSizing, bootMode, copyPrivateIp, copyTags }: SetOptions) {
  return {
    launchDisposition: disposition,
    targetInstanceTypeRightSizingMethod: rightSizing,
    bootMode,
    copyPrivateIp: copyPrivateIp === undefined ? undefined : copyPrivateIp === 'yes',
    copyTags: copyTags === undefined ? undefined : copyTags === 'yes',
  };
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
