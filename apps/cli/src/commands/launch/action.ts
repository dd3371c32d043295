/** `landfall action …`: what runs in launched machines, of a server or of a template. */
import { type InputOf, type Mgn, operations } from '@landfall/api';
import type { Command } from 'commander';
import { showFacts, showRows } from '../../terminal/output.ts';
import type { Column } from '../../terminal/table.ts';
import { contextOf, findServerId } from '../context.ts';
import { addInputOptions, inputFrom, type MemberOptions } from '../input-options.ts';
import { addListing, type ListOptions, listItems } from '../listing.ts';
import { wholeNumber } from '../options.ts';

const OF_TEMPLATE: MemberOptions = {
  omit: ['launchConfigurationTemplateID', 'actionName', 'documentIdentifier', 'order', 'actionID'],
  words: {
    active: 'whether it runs',
    category: 'what it is for',
    description: 'what it does',
    documentVersion: 'a number, $LATEST or $DEFAULT',
    externalParameters: 'parameters whose values are known at the launch: {"name":{"dynamicPath":…}}',
    mustSucceedForCutover: 'whether a cutover waits for its success',
    operatingSystem: 'of the servers it is for; templates only',
    parameters: 'parameters by the names of kept values: {"name":[{"parameterType":…,"parameterName":…}]}',
    timeoutSeconds: 'it is ended after so many seconds',
  },
};
const OF_SERVER: MemberOptions = { ...OF_TEMPLATE, omit: [...OF_TEMPLATE.omit, 'operatingSystem'] };

const COLUMNS: readonly Column<Mgn.TemplateActionDocument>[] = [
  { title: 'ORDER', value: ({ order }) => order },
  { title: 'ID', value: ({ actionID }) => actionID },
  { title: 'NAME', value: ({ actionName }) => actionName },
  { title: 'SCRIPT', value: ({ documentIdentifier }) => documentIdentifier },
  { title: 'VERSION', value: ({ documentVersion }) => documentVersion },
  { title: 'ACTIVE', value: ({ active }) => (active === false ? 'no' : 'yes') },
  { title: 'MUST SUCCEED', value: (action) => (action.mustSucceedForCutover === true ? 'yes' : 'no') },
];

/** Source: the model's OrderType. */
const ORDER_MIN = 1001;

export function addActionCommands(program: Command): void {
  const action = program
    .command('action')
    .description('post-launch actions of a server, or of a launch configuration template (lct-…)');
  addListing(action.command('list <owner>'), 'ListSourceServerActions')
    .description('list actions in their order')
    .action(async (owner: string, options: ListOptions, command: Command) => {
      const { client, output } = await contextOf(command);
      const actions = isTemplate(owner)
        ? await listItems(client, 'ListTemplateActions', { launchConfigurationTemplateID: owner }, options)
        : await listItems(
            client,
            'ListSourceServerActions',
            { sourceServerID: await findServerId(client, owner) },
            options,
          );
      showRows(
        output,
        actions,
        COLUMNS,
        `No actions. \`landfall action put ${owner} NAME SCRIPT\` adds one.`,
      );
    });
  addPutCommand(action);
  action
    .command('remove <owner> <actionID>')
    .description('take an action away')
    .action(async (owner: string, actionID: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      if (isTemplate(owner))
        await client.mgn('RemoveTemplateAction', { launchConfigurationTemplateID: owner, actionID });
      else
        await client.mgn('RemoveSourceServerAction', {
          sourceServerID: await findServerId(client, owner),
          actionID,
        });
      showFacts(output, { owner, actionID, removed: true }, [['removed', actionID]]);
    });
}

interface PutOptions extends Record<string, unknown> {
  readonly id?: string;
  readonly order: number;
}

function addPutCommand(action: Command): void {
  const put = action
    .command('put <owner> <name> <script>')
    .description('run a script (`landfall script list`) in launched machines; the same id again changes it')
    .option('--id <actionID>', 'its id; default: the name')
    .option('--order <number>', `actions run by their order, from ${ORDER_MIN} on`, wholeNumber, ORDER_MIN);
  addInputOptions(put, operations.mgn.PutTemplateAction, OF_TEMPLATE).action(
    async (
      owner: string,
      actionName: string,
      documentIdentifier: string,
      options: PutOptions,
      command: Command,
    ) => {
      const { client, output } = await contextOf(command);
      const { id: actionID = actionName.replaceAll(/\s+/g, '-'), order } = options;
      const named = { actionID, actionName, documentIdentifier, order };
      const put = isTemplate(owner)
        ? await client.mgn('PutTemplateAction', await templateInput(owner, named, options))
        : await client.mgn('PutSourceServerAction', {
            ...{ sourceServerID: await findServerId(client, owner), ...named },
            ...(await inputFrom(options, operations.mgn.PutSourceServerAction, OF_SERVER)),
          });
      showRows(output, [put], COLUMNS, '');
    },
  );
}

type TemplateAction = InputOf<'mgn', 'PutTemplateAction'>;

async function templateInput(
  launchConfigurationTemplateID: string,
  named: Pick<TemplateAction, 'actionID' | 'actionName' | 'documentIdentifier' | 'order'>,
  options: PutOptions,
): Promise<TemplateAction> {
  const more = await inputFrom(options, operations.mgn.PutTemplateAction, OF_TEMPLATE);
  return { launchConfigurationTemplateID, ...named, ...more };
}

function isTemplate(owner: string): boolean {
  return owner.startsWith('lct-');
}
