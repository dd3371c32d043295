/** `landfall boot-proof`: proofs that a server boots, made on the launch host in an isolated network. */
import type { Landfall } from '@landfall/api';
import { OperationError, systemClock, writeDurably } from '@landfall/runtime';
import { type Command, Option } from 'commander';
import { type Column, showFacts, showRows } from '../../terminal/output.ts';
import { Progress } from '../../terminal/progress.ts';
import { addBootProofScheduleCommand } from './boot-proof-schedule.ts';
import { signText } from './boot-proof-text.ts';
import { type Context, contextOf, findServer, idOf } from '../context.ts';
import { wholeNumber } from '../options.ts';

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

const ASK_EVERY_MS = 1000;
const CONSOLE_LINES_SHOWN = 20;

interface StartOptions {
  readonly at?: string;
  readonly point?: number;
  readonly wait?: boolean;
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
      const sourceServerID = idOf(await findServer(client, name));
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
  proof
    .command('start <server>')
    .description('boot a point of a server in an isolated network, and see whether it lives')
    .option('--at <time>', 'the last recovery point at or before, ISO 8601; default: the newest')
    .addOption(point.conflicts('at'))
    .option('--wait', 'until it has ended')
    .option('--screenshot <file>', 'with --wait: write its screen there, as PNG')
    .action(async (name: string, options: StartOptions, command: Command) =>
      start(await contextOf(command), name, options),
    );
}

async function start(context: Context, name: string, options: StartOptions): Promise<void> {
  const { client, output } = context;
  const sourceServerID = idOf(await findServer(client, name));
  const { bootProof } = await client.landfall('StartBootProof', { sourceServerID, at: selectorOf(options) });
  if (options.wait !== true) return showFacts(output, bootProof, factsOf(bootProof));
  const ended = await untilEnded(context, bootProof);
  await show(context, ended.bootProofID, options.screenshot);
  if (ended.state === 'FAILED') throw failed(ended);
}

function selectorOf({ at, point }: StartOptions): string {
  if (point !== undefined) return `epoch:${point}`;
  return at === undefined || at.toLowerCase() === 'latest' ? 'LATEST' : at;
}

async function untilEnded(
  { client, output }: Context,
  begun: Landfall.BootProofItem,
): Promise<Landfall.BootProofItem> {
  const progress = new Progress(output, systemClock.nowMs);
  let proof = begun;
  while (proof.state === 'WAITING' || proof.state === 'RUNNING') {
    progress.show({ label: proof.state, detail: proof.reason ?? '' });
    await systemClock.sleep(ASK_EVERY_MS);
    proof = (await client.landfall('DescribeBootProof', { bootProofID: begun.bootProofID })).bootProof;
  }
  progress.end();
  return proof;
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
