import type { Landfall } from '@landfall/api';
import type { Command } from 'commander';
import { type Column, showRows } from '../terminal/output.ts';
import { contextOf, findServer, idOf } from './context.ts';
import { wholeNumber } from './options.ts';

const COLUMNS: readonly Column<Landfall.RecoveryPointItem>[] = [
  { title: 'EPOCH', value: (point) => point.epoch },
  { title: 'CUT', value: (point) => point.cutDateTime },
  { title: 'CONSISTENCY', value: (point) => point.consistency },
];

interface ListOptions {
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
}

export function addRecoveryPointCommands(program: Command): void {
  program
    .command('recovery-points <server>')
    .description('the moments a server can be launched from, newest first')
    .option('--from <time>', 'ISO 8601')
    .option('--to <time>', 'ISO 8601')
    .option('--limit <count>', 'at most so many', wholeNumber, 20)
    .action(async (name: string, options: ListOptions, command: Command) => {
      const { client, output } = await contextOf(command);
      const found = await client.landfall('ListRecoveryPoints', {
        sourceServerID: idOf(await findServer(client, name)),
        fromDateTime: options.from,
        toDateTime: options.to,
        maxResults: options.limit,
      });
      if (output.json) return output.out(`${JSON.stringify(found, null, 2)}\n`);
      showRows(output, found.items, COLUMNS, 'No recovery points yet: the first sync is not finished.');
      if (found.total > found.items.length)
        output.err(`${found.total} in all; --limit and --from/--to show others\n`);
    });
}
