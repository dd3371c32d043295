import { readFile } from 'node:fs/promises';
import type { Landfall } from '@landfall/api';
import type { Command } from 'commander';
import { showFacts, showRows } from '../../terminal/output.ts';
import type { Column } from '../../terminal/table.ts';
import { contextOf } from '../context.ts';
import { wholeNumber } from '../options.ts';
import { allItems } from '../pages.ts';

const COLUMNS: readonly Column<Landfall.IdentityRole>[] = [
  { title: 'NAME', value: (role) => role.roleName },
  { title: 'POLICIES', value: (role) => role.policies.join(' ') || undefined },
  { title: 'SESSION', value: (role) => `${role.maxSessionSeconds} s` },
  { title: 'CREATED', value: (role) => role.createdDateTime },
  { title: 'ARN', value: (role) => role.arn },
];

export function addRoleCommands(program: Command): void {
  const role = program
    .command('role')
    .description('roles: what users may become for a while (aws sts assume-role)');
  role
    .command('create <roleName> <trustPolicyFile>')
    .description('create a role; the file says in IAM JSON who may assume it')
    .option('--session <seconds>', 'the longest a session of it may last', wholeNumber)
    .action(async (roleName: string, file: string, options: { session?: number }, command: Command) => {
      const { client, output } = await contextOf(command);
      const trustPolicy = await readFile(file, 'utf8');
      const created = await client.landfall('CreateRole', {
        roleName,
        trustPolicy,
        maxSessionSeconds: options.session,
      });
      showFacts(output, created.role, [
        ['role', created.role.arn],
        ['what next', `landfall policy attach POLICY --role ${roleName}`],
      ]);
    });
  role
    .command('list')
    .description('list roles')
    .action(async (_options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const roles = await allItems((page) => client.landfall('ListRoles', page));
      showRows(output, roles, COLUMNS, 'No roles. `landfall role create NAME FILE` makes one.');
    });
  role
    .command('delete <roleName>')
    .description('delete a role; its sessions end at once')
    .action(async (roleName: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      await client.landfall('DeleteRole', { roleName });
      showFacts(output, { roleName, deleted: true }, [['deleted', roleName]]);
    });
}
