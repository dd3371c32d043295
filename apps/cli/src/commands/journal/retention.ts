/** `landfall retention show|preview|set|reset`: which recovery points are kept, of one server or of all. */
import type { Landfall } from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import type { Command } from 'commander';
import { type Output, showFacts, showRows } from '../../terminal/output.ts';
import type { Column } from '../../terminal/table.ts';
import { type Context, contextOf, findServerId } from '../context.ts';
import { dropText, everyText, lengthText, originText, parseTiers } from './retention-text.ts';

interface TierOptions {
  readonly tiers: string;
  readonly yes?: boolean;
}

const TIERS_HELP = 'such as all:1h,1s:1d,1m:7d,1d:30d: every point for an hour, one a second for a day …';
const YES_HELP = 'also when recovery points are dropped by it: they do not come back';

const TIER_COLUMNS: readonly Column<Landfall.RetentionTier>[] = [
  { title: 'KEPT', value: ({ everyMs }) => everyText(everyMs) },
  { title: 'UNTIL SO OLD', value: ({ forMs }) => lengthText(forMs) },
];

const PREVIEW_COLUMNS: readonly Column<Landfall.RetentionPreviewItem>[] = [
  { title: 'SERVER', value: ({ sourceServerID }) => sourceServerID },
  { title: 'POINTS', value: ({ points }) => points },
  { title: 'DROPPED', value: ({ droppedPoints }) => droppedPoints },
  { title: 'OLDEST', value: ({ oldestDateTime }) => oldestDateTime },
  { title: 'OLDEST THEN', value: ({ oldestKeptDateTime }) => oldestKeptDateTime },
];

export function addRetentionCommands(program: Command): void {
  const retention = program
    .command('retention')
    .description('which recovery points are kept and for how long: of a server, or of all');
  retention
    .command('show [server]')
    .description('the tiers that hold, and who says so; without a server, the default of all')
    .action(async (name: string | undefined, _options: unknown, command: Command) => {
      const context = await contextOf(command);
      const sourceServerID = await serverOf(context, name);
      showRetention(context.output, await context.client.landfall('GetRetention', { sourceServerID }));
    });
  retention
    .command('preview [server]')
    .description('how many recovery points of how many servers other tiers would drop; nothing is changed')
    .requiredOption('--tiers <tiers>', TIERS_HELP)
    .action(async (name: string | undefined, { tiers }: TierOptions, command: Command) => {
      const context = await contextOf(command);
      const input = { sourceServerID: await serverOf(context, name), tiers: parseTiers(tiers) };
      showPreview(context.output, await context.client.landfall('PreviewRetention', input));
    });
  addChangeCommands(retention);
}

function addChangeCommands(retention: Command): void {
  retention
    .command('set [server]')
    .description(
      'keep points by these tiers from now on; without a server, of all that have none of their own',
    )
    .requiredOption('--tiers <tiers>', TIERS_HELP)
    .option('--yes', YES_HELP)
    .action(async (name: string | undefined, { tiers, yes }: TierOptions, command: Command) => {
      const context = await contextOf(command);
      const sourceServerID = await serverOf(context, name);
      await put(context, { sourceServerID, tiers: parseTiers(tiers) }, yes === true);
    });
  retention
    .command('reset [server]')
    .description('take away what was set: the default holds, and without one what the replication server has')
    .option('--yes', YES_HELP)
    .action(async (name: string | undefined, { yes }: { yes?: boolean }, command: Command) => {
      const context = await contextOf(command);
      await put(context, { sourceServerID: await serverOf(context, name) }, yes === true);
    });
}

async function serverOf({ client }: Context, name: string | undefined): Promise<string | undefined> {
  return name === undefined ? undefined : findServerId(client, name);
}

/** What is previewed is what is replaced. Errors: RETENTION_DROPS_POINTS. */
async function put(
  { client, output }: Context,
  input: Landfall.PreviewRetentionRequest,
  isMeant: boolean,
): Promise<void> {
  const { sourceServerID } = input;
  const { revision: expectedRevision } = await client.landfall('GetRetention', { sourceServerID });
  if (!isMeant) {
    const preview = await client.landfall('PreviewRetention', input);
    if (preview.droppedPoints > 0 || preview.unansweredServerIDs.length > 0)
      throw new OperationError('RETENTION_DROPS_POINTS', `this drops ${dropText(preview)}`, {
        hint: 'say --yes if that is meant; `landfall recovery-point pin` keeps a point whatever the tiers say',
      });
  }
  showRetention(output, await client.landfall('PutRetention', { ...input, expectedRevision }));
}

function showRetention(output: Output, retention: Landfall.Retention): void {
  const { sourceServerID, origin, tiers, isApplied } = retention;
  if (!output.json) {
    showRows(output, tiers, TIER_COLUMNS, '');
    output.out('\n');
  }
  showFacts(output, retention, [
    ['server', sourceServerID ?? 'all that have no tiers of their own'],
    ['by', originText(origin)],
    ...(isApplied === false
      ? [['in force', 'when its replication server has heard of it: within seconds'] as const]
      : []),
  ]);
}

function showPreview(output: Output, preview: Landfall.PreviewRetentionResponse): void {
  const { items } = preview;
  if (!output.json && items.length > 0) {
    showRows(output, items, PREVIEW_COLUMNS, '');
    output.out('\n');
  }
  showFacts(output, preview, [['would be dropped', dropText(preview)]]);
}
