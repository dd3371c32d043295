import type { Landfall } from '@landfall/api';
import type { Command } from 'commander';
import { type Output, showFacts, showJson, showRows } from '../../terminal/output.ts';
import type { Column } from '../../terminal/table.ts';
import { contextOf, findServerId } from '../context.ts';
import { wholeNumber } from '../options.ts';

const COLUMNS: readonly Column<Landfall.RecoveryPointItem>[] = [
  { title: 'EPOCH', value: (point) => point.epoch },
  { title: 'CUT', value: (point) => point.cutDateTime },
  { title: 'CONSISTENCY', value: (point) => point.consistency },
  { title: 'BOOTS', value: (point) => (point.verified === true ? 'verified' : undefined) },
  { title: 'NAME', value: (point) => point.name },
  { title: 'LOCKED UNTIL', value: (point) => point.lockedUntilDateTime },
];

interface ListOptions {
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
  readonly marked?: boolean;
}

/** POINT: `LATEST`, an ISO time (the last point at or before it), or `epoch:N`. */
export function addRecoveryPointCommands(program: Command): void {
  const point = program
    .command('recovery-point')
    .description('the moments a server can be launched from: list them, name one, lock one');
  addListCommand(point.command('list <server>'));
  addMarkCommands(point);
  addListCommand(program.command('recovery-points <server>'));
}

/** Under both of its names. */
function addListCommand(command: Command): void {
  command
    .description('the moments a server can be launched from, newest first')
    .option('--from <time>', 'ISO 8601')
    .option('--to <time>', 'ISO 8601')
    .option('--marked', 'only those with a name or a lock')
    .option('--limit <count>', 'at most so many', wholeNumber, 20)
    .action(async (name: string, options: ListOptions, self: Command) => {
      const { client, output } = await contextOf(self);
      const found = await client.landfall('ListRecoveryPoints', {
        sourceServerID: await findServerId(client, name),
        fromDateTime: options.from,
        toDateTime: options.to,
        marked: options.marked,
        maxResults: options.limit,
      });
      if (output.json) return showJson(output, found);
      const none = options.marked
        ? 'None has a name or a lock.'
        : 'None yet: the first sync is not finished.';
      showRows(output, found.items, COLUMNS, none);
      if (found.total > found.items.length)
        output.err(`${found.total} in all; --limit and --from/--to show others\n`);
    });
}

/** The same under another name. */
export function addMarkCommands(point: Command): void {
  point
    .command('pin <server> <point> <name>')
    .description('keep a point (LATEST, a time, or epoch:N) under a name until it is unpinned')
    .action(async (server: string, at: string, name: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const sourceServerID = await findServerId(client, server);
      const { recoveryPoint } = await client.landfall('PinRecoveryPoint', { sourceServerID, at, name });
      showPoint(output, recoveryPoint);
    });
  point
    .command('unpin <server> <epoch>')
    .description('take the name from a point; it goes when its tier says so')
    .action(async (server: string, text: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const sourceServerID = await findServerId(client, server);
      const epoch = wholeNumber(text.replace(/^epoch:/, ''));
      await client.landfall('UnpinRecoveryPoint', { sourceServerID, epoch });
      showFacts(output, { sourceServerID, epoch }, [['unpinned', `epoch ${epoch}`]]);
    });
  point
    .command('lock <server> <point>')
    .description(
      'until a date nobody can remove the point, nor the replica it is in: not even an administrator',
    )
    .requiredOption('--until <time>', 'ISO 8601; it can be made later, never earlier')
    .requiredOption('--yes', 'it cannot be taken back')
    .action(async (server: string, at: string, { until }: { until: string }, command: Command) => {
      const { client, output } = await contextOf(command);
      const sourceServerID = await findServerId(client, server);
      const input = { sourceServerID, at, untilDateTime: until };
      showPoint(output, (await client.landfall('LockRecoveryPoint', input)).recoveryPoint);
    });
}

function showPoint(output: Output, point: Landfall.RecoveryPointItem): void {
  const facts = COLUMNS.map(({ title, value }): [string, unknown] => [
    title.toLowerCase(),
    value(point) ?? '-',
  ]);
  showFacts(output, point, facts);
}
