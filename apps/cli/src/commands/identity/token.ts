import type { Landfall } from '@landfall/api';
import { type Command, Option } from 'commander';
import { showFacts, showRows } from '../../terminal/output.ts';
import type { Column } from '../../terminal/table.ts';
import { contextOf } from '../context.ts';
import { wholeNumber } from '../options.ts';
import { allItems } from '../pages.ts';

const COLUMNS: readonly Column<Landfall.EnrolmentToken>[] = [
  { title: 'ID', value: (token) => token.tokenID },
  { title: 'ROLE', value: (token) => token.role },
  { title: 'STATE', value: (token) => token.state },
  { title: 'USES', value: (token) => `${token.uses} of ${token.usesMax}` },
  { title: 'EXPIRES', value: (token) => token.expiresDateTime },
];

const ROLES = ['agent', 'replication-server', 'launch-host'] as const;

interface CreateOptions {
  readonly role: Landfall.EnrolmentRole;
  readonly expires?: number;
  readonly uses?: number;
}

export function addTokenCommands(program: Command): void {
  const token = program.command('token').description('enrolment tokens: what a server needs to be added');
  token
    .command('create')
    .description('create a token and show the command to run on the source server')
    .addOption(new Option('--role <role>', 'what enrols with it').choices(ROLES).default('agent'))
    .option('--expires <seconds>', 'valid for so many seconds', wholeNumber)
    .option('--uses <count>', 'how many servers may enrol with it', wholeNumber)
    .action(async (options: CreateOptions, command: Command) => {
      const { client, output } = await contextOf(command);
      const created = await client.landfall('CreateEnrolmentToken', {
        role: options.role,
        expiresInSeconds: options.expires,
        usesMax: options.uses,
      });
      showFacts(output, created, [
        ['token', created.token],
        ['expires', created.expiresDateTime],
        ['run as root on the source server', ''],
        ['', created.installCommand],
      ]);
    });
  token
    .command('list')
    .description('list tokens; the secrets are not kept')
    .action(async (_options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const tokens = await allItems((page) => client.landfall('ListEnrolmentTokens', page));
      showRows(output, tokens, COLUMNS, 'No tokens. `landfall token create` makes one.');
    });
  token
    .command('revoke <tokenID>')
    .description('make a token useless; servers already enrolled stay')
    .action(async (tokenID: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      await client.landfall('RevokeEnrolmentToken', { tokenID });
      showFacts(output, { tokenID, revoked: true }, [['revoked', tokenID]]);
    });
}
