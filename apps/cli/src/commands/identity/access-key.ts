import type { Landfall } from '@landfall/api';
import type { Command } from 'commander';
import { showFacts, showRows } from '../../terminal/output.ts';
import type { Column } from '../../terminal/table.ts';
import { contextOf } from '../context.ts';

const COLUMNS: readonly Column<Landfall.AccessKeyItem>[] = [
  { title: 'ID', value: (key) => key.accessKeyID },
  { title: 'USER', value: (key) => key.userName },
  { title: 'STATUS', value: (key) => key.status },
  { title: 'CREATED', value: (key) => key.createdDateTime },
];

export function addAccessKeyCommands(program: Command): void {
  const accessKey = program.command('access-key').description('access keys of users');
  accessKey
    .command('create <userName>')
    .description('create a key and show its secret, this once')
    .action(async (userName: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const created = await client.landfall('CreateAccessKey', { userName });
      showFacts(output, created, [
        ['access key id', created.accessKey.accessKeyID],
        ['secret access key', created.secretAccessKey],
        ['', 'The secret cannot be shown again.'],
      ]);
    });
  accessKey
    .command('list <userName>')
    .description('list the keys of a user')
    .action(async (userName: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const { items } = await client.landfall('ListAccessKeys', { userName });
      showRows(output, items, COLUMNS, `No keys. \`landfall access-key create ${userName}\` makes one.`);
    });
  for (const [name, status, description] of [
    ['deactivate', 'INACTIVE', 'make a key useless until it is activated again'],
    ['activate', 'ACTIVE', 'make a key useful again'],
  ] as const) {
    accessKey
      .command(`${name} <userName> <accessKeyID>`)
      .description(description)
      .action(async (userName: string, accessKeyID: string, _options: unknown, command: Command) => {
        const { client, output } = await contextOf(command);
        await client.landfall('UpdateAccessKey', { userName, accessKeyID, status });
        showFacts(output, { userName, accessKeyID, status }, [[status.toLowerCase(), accessKeyID]]);
      });
  }
  accessKey
    .command('delete <userName> <accessKeyID>')
    .description('delete a key; sessions opened with it end at once')
    .action(async (userName: string, accessKeyID: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      await client.landfall('DeleteAccessKey', { userName, accessKeyID });
      showFacts(output, { userName, accessKeyID, deleted: true }, [['deleted', accessKeyID]]);
    });
}
