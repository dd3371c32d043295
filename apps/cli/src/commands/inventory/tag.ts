/** `landfall tag …`: tags of whatever has an ARN, named by ARN, id, or host name. */
import { type ApiClient, parseArn } from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import type { Command } from 'commander';
import { showFacts, showRows } from '../../terminal/output.ts';
import type { Column } from '../../terminal/table.ts';
import { contextOf, findServer } from '../context.ts';
import { pairsOf } from '../options.ts';

type Tag = readonly [key: string, value: string];

const COLUMNS: readonly Column<Tag>[] = [
  { title: 'KEY', value: ([key]) => key },
  { title: 'VALUE', value: ([, value]) => value },
];

export function addTagCommands(program: Command): void {
  const tag = program.command('tag').description('tags of servers, jobs, applications, waves, templates …');
  tag
    .command('list <resource>')
    .description('the tags of a resource: an ARN, an id, or the host name of a server')
    .action(async (resource: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const { tags = {} } = await client.mgn('ListTagsForResource', {
        resourceArn: await findArn(client, resource),
      });
      if (output.json) return showFacts(output, tags, []);
      showRows(
        output,
        Object.entries(tags),
        COLUMNS,
        `No tags. \`landfall tag add ${resource} KEY=VALUE\` adds one.`,
      );
    });
  tag
    .command('add <resource> <key=value...>')
    .description('add tags, or change their values')
    .action(async (resource: string, given: readonly string[], _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const tags = pairsOf(given);
      const resourceArn = await findArn(client, resource);
      await client.mgn('TagResource', { resourceArn, tags });
      showFacts(output, { resourceArn, tags }, [['tagged', resourceArn]]);
    });
  tag
    .command('remove <resource> <key...>')
    .description('take tags away')
    .action(async (resource: string, tagKeys: readonly string[], _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const resourceArn = await findArn(client, resource);
      await client.mgn('UntagResource', { resourceArn, tagKeys });
      showFacts(output, { resourceArn, removed: tagKeys }, [['removed', tagKeys.join(' ')]]);
    });
}

interface Tagged {
  readonly arn?: string | undefined;
}

type FindTagged = (
  client: ApiClient,
  id: string,
) => Promise<{ readonly items?: readonly Tagged[] | undefined }>;

/** By the beginnings of their ids. */
const KINDS: readonly (readonly [prefix: string, find: FindTagged])[] = [
  ['mgnjob-', (client, id) => client.mgn('DescribeJobs', { filters: { jobIDs: [id] } })],
  ['app-', (client, id) => client.mgn('ListApplications', { filters: { applicationIDs: [id] } })],
  ['wave-', (client, id) => client.mgn('ListWaves', { filters: { waveIDs: [id] } })],
  ['connector-', (client, id) => client.mgn('ListConnectors', { filters: { connectorIDs: [id] } })],
  ['import-', (client, id) => client.mgn('ListImports', { filters: { importIDs: [id] } })],
  ['export-', (client, id) => client.mgn('ListExports', { filters: { exportIDs: [id] } })],
  [
    'lct-',
    (client, id) =>
      client.mgn('DescribeLaunchConfigurationTemplates', { launchConfigurationTemplateIDs: [id] }),
  ],
  [
    'rct-',
    (client, id) =>
      client.mgn('DescribeReplicationConfigurationTemplates', { replicationConfigurationTemplateIDs: [id] }),
  ],
];

/** Errors: RESOURCE_NOT_FOUND, SERVER_NOT_FOUND, SERVER_AMBIGUOUS. */
async function findArn(client: ApiClient, resource: string): Promise<string> {
  if (parseArn(resource) !== undefined) return resource;
  const [, find] = KINDS.find(([prefix]) => resource.startsWith(prefix)) ?? [];
  const found =
    find === undefined ? await findServer(client, resource) : (await find(client, resource)).items?.[0];
  if (found?.arn !== undefined) return found.arn;
  throw new OperationError('RESOURCE_NOT_FOUND', `there is no ${resource}`, {
    hint: 'give an ARN, an id, or the host name of a server; the `list` command of its kind shows the ids',
  });
}
