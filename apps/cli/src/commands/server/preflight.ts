/** `landfall server preflight`: what is in the way of a launch, what will be fixed, what is good to know. */
import type { ApiClient, Landfall } from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import { type Command, Option } from 'commander';
import { showFacts } from '../../terminal/output.ts';
import { waitForEnd } from '../../terminal/waiting.ts';
import { type Context, contextOf, findServerId } from '../context.ts';
import { addWaitOptions, type WaitOptions, wholeNumber } from '../options.ts';

interface PointOptions extends WaitOptions {
  readonly at?: string;
  readonly point?: number;
}

export function addPreflightCommand(server: Command): void {
  const point = new Option('--point <epoch>', 'this recovery point').argParser(wholeNumber);
  const command = server
    .command('preflight <server>')
    .description('inspect a recovery point: what is in the way of a launch, what will be fixed')
    .option('--at <time>', 'the last recovery point at or before, ISO 8601; default: the newest')
    .addOption(point.conflicts('at'));
  addWaitOptions(command, true).action(async (name: string, options: PointOptions, self: Command) =>
    preflight(await contextOf(self), name, options),
  );
}

function selectorOf({ at, point }: PointOptions): string {
  if (point !== undefined) return `epoch:${point}`;
  return at === undefined || at.toLowerCase() === 'latest' ? 'LATEST' : at;
}

async function preflight(context: Context, name: string, options: PointOptions): Promise<void> {
  const { wait = true } = options;
  const { client, output } = context;
  const sourceServerID = await findServerId(client, name);
  const begun = await client.landfall('StartPreflight', { sourceServerID, at: selectorOf(options) });
  if (!wait) return showFacts(output, begun.preflight, preflightFacts(begun.preflight));
  const ended = await untilEnded(context, begun.preflight);
  const facts = ended.report?.facts.map(({ name: title, value }): Fact => [title, value]) ?? [];
  showFacts(output, ended, [...preflightFacts(ended), ...facts]);
}

/** Errors: PREFLIGHT_FAILED, also for one that will be tried again. */
async function untilEnded(
  { client, output }: Context,
  begun: Landfall.PreflightItem,
): Promise<Landfall.PreflightItem> {
  const isOver = ({ state, attempts }: Landfall.PreflightItem) =>
    state === 'FAILED' || attempts > begun.attempts;
  const ended = await waitForEnd<Landfall.PreflightItem>(
    {
      what: `the preflight of ${begun.sourceServerID}`,
      follow: `landfall server show ${begun.sourceServerID}`,
      ask: () => describe(client, begun),
      isEnded: (preflight) => preflight.state === 'COMPLETE' || isOver(preflight),
      progressOf: ({ state, reason = '' }) => ({ label: state, detail: reason }),
    },
    output,
  );
  if (ended.state === 'COMPLETE') return ended;
  throw failed(ended);
}

async function describe(
  client: ApiClient,
  { sourceServerID, preflightID }: Landfall.PreflightItem,
): Promise<Landfall.PreflightItem> {
  const { preflight } = await client.landfall('DescribePreflight', { sourceServerID });
  if (preflight?.preflightID === preflightID) return preflight;
  throw new OperationError('PREFLIGHT_FAILED', 'another preflight of this server was asked for', {
    hint: 'ask again for this one',
  });
}

function failed({ reason, state, nextAttemptDateTime }: Landfall.PreflightItem): OperationError {
  const hint = state === 'WAITING' ? `it is tried again at ${nextAttemptDateTime}` : 'ask again';
  return new OperationError('PREFLIGHT_FAILED', reason ?? `the preflight is ${state}`, { hint });
}

type Fact = [name: string, value: unknown];

/** Of `landfall server show` too: a line to sum up, and one a finding. */
export function preflightFacts(preflight: Landfall.PreflightItem | undefined): Fact[] {
  if (preflight === undefined) return [['preflight', 'at the first recovery point']];
  const { state, reason, report } = preflight;
  const now: Fact[] = state === 'COMPLETE' ? [] : [['preflight', [state, reason].filter(Boolean).join(': ')]];
  return report === undefined ? now : [...now, ...reportFacts(report)];
}

function reportFacts({
  findings,
  recoveryPoint,
  operatingSystem,
  bootMode,
}: Landfall.PreflightReport): Fact[] {
  const count = (rank: Landfall.FindingRank) => findings.filter((each) => each.rank === rank).length;
  const counts = `${count('BLOCKER')} blockers, ${count('WILL_BE_FIXED')} to be fixed, ${count('NOTE')} notes`;
  return [
    ['preflight', `${counts}, at point ${recoveryPoint.epoch} (${recoveryPoint.cutDateTime})`],
    ['inspected system', [operatingSystem, bootMode].filter(Boolean).join(', ')],
    ...findings.flatMap(findingFacts),
  ];
}

/** What a launch does by itself needs no advice. */
function findingFacts({ rank, code, what, why, fix }: Landfall.PreflightFinding): Fact[] {
  const lines: Fact[] = what.split('\n').map((line, index) => {
    return index === 0 ? [`  ${rank}`, `${code}: ${line}`] : ['', line];
  });
  if (rank === 'WILL_BE_FIXED') return lines;
  return [...lines, ['', fix === undefined ? why : `${why} Fix: ${fix}`]];
}
