/** `landfall boot-proof`: proofs that a server boots, made on the launch host in an isolated network. */
import type { Landfall } from '@landfall/api';
import { formatDurationMs, OperationError, systemClock, writeDurably } from '@landfall/runtime';
import { type Command, Option } from 'commander';
import { showFacts, showRows } from '../../terminal/output.ts';
import type { ProgressState } from '../../terminal/progress.ts';
import type { Column } from '../../terminal/table.ts';
import { waitForEnd } from '../../terminal/waiting.ts';
import { type Context, contextOf, findServerId } from '../context.ts';
import { addWaitOptions, type WaitOptions, wholeNumber } from '../options.ts';
import { addBootProofScheduleCommand } from './boot-proof-schedule.ts';
import { signText } from './boot-proof-text.ts';

const COLUMNS: readonly Column<Landfall.BootProofItem>[] = [
  { title: 'ID', value: (proof) => proof.bootProofID },
  { title: 'BEGAN', value: (proof) => proof.createdDateTime },
  { title: 'BY', value: (proof) => proof.trigger },
  { title: 'STATE', value: (proof) => proof.state },
  { title: 'POINT', value: (proof) => proof.recoveryPoint?.epoch },
  { title: 'SIGN', value: (proof) => (proof.sign === undefined ? undefined : signText(proof.sign)) },
  { title: 'BOOT', value: (proof) => secondsText(proof.bootMs) },
  { title: 'PREPARED', value: (proof) => (proof.isPrepared ? 'yes' : undefined) },
];

const CONSOLE_LINES_SHOWN = 20;

interface StartOptions extends WaitOptions {
  readonly at?: string;
  readonly point?: number;
  readonly screenshot?: string;
}

export function addBootProofCommands(program: Command): void {
  const proof = program.command('boot-proof').description('proofs that a server boots on the target');
  addStartCommand(proof);
  proof
    .command('list <server>')
    .description('proofs of a server, newest first')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const sourceServerID = await findServerId(client, name);
      const found = await client.landfall('ListBootProofs', { sourceServerID });
      if (output.json) return output.out(`${JSON.stringify(found, null, 2)}\n`);
      showRows(output, found.items, COLUMNS, 'No proofs yet: `landfall boot-proof start` begins one.');
      output.err(`the next one begins ${found.nextDateTime ?? 'when it is asked for'}\n`);
    });
  proof
    .command('show <bootProofID>')
    .description('one proof, with the end of its console')
    .option('--screenshot <file>', 'write its screen there, as PNG')
    .action(async (id: string, { screenshot }: { screenshot?: string }, command: Command) =>
      show(await contextOf(command), id, screenshot),
    );
  addBootProofScheduleCommand(proof);
}

function addStartCommand(proof: Command): void {
  const point = new Option('--point <epoch>', 'this recovery point').argParser(wholeNumber);
  const command = proof
    .command('start <server>')
    .description('boot a point of a server in an isolated network, and see whether it lives')
    .option('--at <time>', 'the last recovery point at or before, ISO 8601; default: the newest')
    .addOption(point.conflicts('at'))
    .option('--screenshot <file>', 'with --wait: write its screen there, as PNG');
  addWaitOptions(command, false).action(async (name: string, options: StartOptions, self: Command) =>
    start(await contextOf(self), name, options),
  );
  proof
    .command('watch <bootProofID>')
    .description('follow a proof to its end; exit code 1 when it failed')
    .action(async (id: string, _options: unknown, self: Command) => watch(await contextOf(self), id));
}

async function start(context: Context, name: string, options: StartOptions): Promise<void> {
  const { client, output } = context;
  const sourceServerID = await findServerId(client, name);
  const { bootProof } = await client.landfall('StartBootProof', { sourceServerID, at: selectorOf(options) });
  if (options.wait !== true) return showFacts(output, bootProof, factsOf(bootProof));
  await watch(context, bootProof.bootProofID, options.screenshot);
}

async function watch(context: Context, bootProofID: string, screenshot?: string): Promise<void> {
  const ended = await untilEnded(context, bootProofID);
  await show(context, bootProofID, screenshot);
  if (ended.state === 'FAILED') throw failed(ended);
}

function selectorOf({ at, point }: StartOptions): string {
  if (point !== undefined) return `epoch:${point}`;
  return at === undefined || at.toLowerCase() === 'latest' ? 'LATEST' : at;
}

function untilEnded({ client, output }: Context, bootProofID: string): Promise<Landfall.BootProofItem> {
  return waitForEnd<Landfall.BootProofItem>(
    {
      what: `boot proof ${bootProofID}`,
      follow: `landfall boot-proof watch ${bootProofID}`,
      ask: async () => (await client.landfall('DescribeBootProof', { bootProofID })).bootProof,
      isEnded: ({ state }) => state !== 'WAITING' && state !== 'RUNNING',
      progressOf: bootProofProgress,
    },
    output,
  );
}

function bootProofProgress({ state, reason, createdDateTime }: Landfall.BootProofItem): ProgressState {
  const elapsed = formatDurationMs(Math.max(0, systemClock.nowMs() - Date.parse(createdDateTime)));
  return { label: state, detail: [reason, `for ${elapsed}`].filter(Boolean).join(', ') };
}

async function show({ client, output }: Context, bootProofID: string, file?: string): Promise<void> {
  const described = await client.landfall('DescribeBootProof', { bootProofID });
  const { bootProof, consoleTail = '', screenshotPngBase64: png } = described;
  if (file !== undefined) await writeScreenshot(bootProof, file, png);
  const lines = consoleTail.trimEnd().split('\n').slice(-CONSOLE_LINES_SHOWN);
  showFacts(output, described, [
    ...factsOf(bootProof),
    ...(consoleTail === '' ? [] : lines.map((line, index): Fact => [index === 0 ? 'console' : '', line])),
    ...(file === undefined ? [] : [['screenshot', file] as Fact]),
  ]);
}

async function writeScreenshot(
  { bootProofID, state }: Landfall.BootProofItem,
  file: string,
  png: string | undefined,
): Promise<void> {
  if (png !== undefined) return writeDurably(file, Buffer.from(png, 'base64'));
  throw new OperationError('BOOT_PROOF_FAILED', `${bootProofID} (${state}) has no screenshot`, {
    hint: 'one is taken when the proof ends while its machine still runs',
  });
}

type Fact = [name: string, value: unknown];

function factsOf(proof: Landfall.BootProofItem): Fact[] {
  const { recoveryPoint: point, error } = proof;
  const facts: Fact[] = [
    ['boot proof', proof.bootProofID],
    ['server', proof.sourceServerID],
    ['state', [proof.state, proof.reason].filter(Boolean).join(': ')],
    ['began', `${proof.createdDateTime} (${proof.trigger})`],
    ['ended', proof.endedDateTime],
    ['point', point === undefined ? undefined : `${point.epoch} (${point.cutDateTime})`],
    ['sign of life', proof.sign === undefined ? undefined : `${signText(proof.sign)}: ${proof.seen}`],
    ['conversion', secondsText(proof.conversionMs)],
    ['boot', secondsText(proof.bootMs)],
    ['conversion is kept', proof.isPrepared ? 'yes: `landfall launch … --at verified`' : undefined],
    ['error', error === undefined ? undefined : `${error.code}: ${error.message}`],
    ['what to do', error?.hint],
  ];
  return facts.filter(([, value]) => value !== undefined);
}

function secondsText(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : `${(ms / 1000).toFixed(1)} s`;
}

function failed({ bootProofID, error }: Landfall.BootProofItem): OperationError {
  const why = error === undefined ? 'no reason was told' : `${error.code}: ${error.message}`;
  return new OperationError('BOOT_PROOF_FAILED', `${bootProofID}: ${why}`, {
    hint: error?.hint ?? 'look at its console and screenshot with `landfall boot-proof show`',
  });
}
