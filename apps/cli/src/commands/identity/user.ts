import type { Landfall } from '@landfall/api';
import type { Command } from 'commander';
import { showFacts, showRows } from '../../terminal/output.ts';
import type { Column } from '../../terminal/table.ts';
import { contextOf } from '../context.ts';
import { allItems } from '../pages.ts';

const COLUMNS: readonly Column<Landfall.IdentityUser>[] = [
  { title: 'NAME', value: (user) => user.userName },
  { title: 'POLICIES', value: (user) => user.policies.join(' ') || undefined },
  { title: 'KEYS', value: (user) => user.accessKeys },
  { title: 'CREATED', value: (user) => user.createdDateTime },
  { title: 'ARN', value: (user) => user.arn },
];

export function addUserCommands(program: Command): void {
  const user = program.command('user').description('users: who may call the API');
  user
    .command('create <userName>')
    .description('create a user, who may do nothing until a policy is attached')
    .action(async (userName: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const created = await client.landfall('CreateUser', { userName });
      showFacts(output, created.user, [
        ['user', created.user.arn],
        ['what next', `landfall policy attach POLICY --user ${userName}`],
        ['', `landfall access-key create ${userName}`],
      ]);
    });
  user
    .command('list')
    .description('list users')
    .action(async (_options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const users = await allItems((page) => client.landfall('ListUsers', page));
      showRows(output, users, COLUMNS, 'No users. `landfall user create NAME` makes one.');
    });
  user
    .command('delete <userName>')
    .description('delete a user; its access keys and sessions end at once')
    .action(async (userName: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      await client.landfall('DeleteUser', { userName });
      showFacts(output, { userName, deleted: true }, [['deleted', userName]]);
    });
}
