/** `landfall proof`: proofs of equality between a server and its replica. */
import { type Landfall, verifyProof } from '@landfall/api';
import { OperationError, readIfExists, systemClock, writeDurably } from '@landfall/runtime';
import type { Command } from 'commander';
import { findAccess } from '../../credentials.ts';
import { etaMs } from '../../terminal/eta.ts';
import { type Output, showFacts, showRows } from '../../terminal/output.ts';
import type { ProgressState } from '../../terminal/progress.ts';
import type { Column } from '../../terminal/table.ts';
import { waitForEnd } from '../../terminal/waiting.ts';
import { type Context, contextOf, findServerId, outputOf, stateDirOf } from '../context.ts';
import { addWaitOptions, type WaitOptions, wholeNumber } from '../options.ts';

const COLUMNS: readonly Column<Landfall.ProofItem>[] = [
  { title: 'ID', value: (proof) => proof.proofID },
  { title: 'BEGAN', value: (proof) => proof.createdDateTime },
  { title: 'BY', value: (proof) => proof.trigger },
  { title: 'STATE', value: (proof) => proof.verdict ?? proof.state },
  { title: 'CHUNKS', value: (proof) => progressOf(proof) },
  { title: 'DIFFERENCES', value: (proof) => proof.differences },
];

export function addProofCommands(program: Command): void {
  const proof = program.command('proof').description('proofs that a server and its replica are equal');
  const command = proof
    .command('start <server>')
    .description('hash the disks of a server against its replica, while both go on working');
  addWaitOptions(command, false).action(async (name: string, options: WaitOptions, self: Command) =>
    start(await contextOf(self), name, options.wait === true),
  );
  proof
    .command('watch <proofID>')
    .description('follow a proof to its end')
    .action(async (proofID: string, _options: unknown, self: Command) => {
      const context = await contextOf(self);
      showProof(context.output, await untilEnded(context, proofID));
    });
  proof
    .command('list <server>')
    .description('proofs of a server, newest first')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const sourceServerID = await findServerId(client, name);
      const found = await client.landfall('ListProofs', { sourceServerID });
      if (output.json) return output.out(`${JSON.stringify(found, null, 2)}\n`);
      showRows(output, found.items, COLUMNS, 'No proofs yet: `landfall proof start` begins one.');
      output.err(`the next one begins ${found.nextDateTime ?? 'when it is asked for'}\n`);
    });
  proof
    .command('show <proofID>')
    .description('one proof, or its signed report')
    .option('--out <file>', 'write the signed report there')
    .action(async (proofID: string, options: { out?: string }, command: Command) =>
      show(await contextOf(command), proofID, options.out),
    );
  addVerifyCommand(proof);
  addScheduleCommand(proof);
}

function addVerifyCommand(proof: Command): void {
  proof
    .command('verify <file>')
    .description('check a signed report, without any program of ours running')
    .option('--ca <file>', 'certificate of the control plane (ca.pem); default: that of the state folder')
    .action(async (path: string, options: { ca?: string }, command: Command) => {
      const caPem =
        options.ca === undefined ? (await findAccess(stateDirOf(command))).caPem : await readText(options.ca);
      const document = verifyProof(await readText(path), caPem);
      showFacts(outputOf(command), document, [
        ['proof', `${document.proofId}: ${document.verdict}, the signature holds`],
        ['server', `${document.sourceServerId} (${document.hostname})`],
        ['points', `${pointText(document.firstPoint)} – ${pointText(document.lastPoint)}`],
        ...document.disks.map((disk): [string, unknown] => [
          disk.diskId,
          `${disk.sizeBytes} bytes, root ${disk.rootSha256}, ${disk.chunksChangedSince} of ${disk.chunks} chunks changed since`,
        ]),
        ...document.differences.map((one): [string, unknown] => [
          `  ${one.kind}`,
          `${one.diskId} offset ${one.offsetBytes}, ${one.lengthBytes} bytes, point ${one.epoch}`,
        ]),
      ]);
    });
}

function addScheduleCommand(proof: Command): void {
  proof
    .command('schedule <server>')
    .description('how often a proof begins by itself (default: weekly)')
    .requiredOption('--proof-interval <hours>', '0: only when asked for', wholeNumber)
    .action(async (name: string, options: { proofInterval: number }, command: Command) => {
      const { client, output } = await contextOf(command);
      const sourceServerID = await findServerId(client, name);
      const { proofInterval } = options;
      const { intervalHours } = await client.landfall('UpdateProofSchedule', {
        ...{ sourceServerID, intervalHours: proofInterval },
      });
      const text = intervalHours === 0 ? 'when asked for' : `every ${intervalHours} h`;
      showFacts(output, { sourceServerID, intervalHours }, [
        ['server', sourceServerID],
        ['proofs', text],
      ]);
    });
}

async function start(context: Context, name: string, waits: boolean): Promise<void> {
  const { client, output } = context;
  const sourceServerID = await findServerId(client, name);
  const { proof } = await client.landfall('StartProof', { sourceServerID });
  showProof(output, waits ? await untilEnded(context, proof.proofID) : proof);
}

function untilEnded({ client, output }: Context, proofID: string): Promise<Landfall.ProofItem> {
  return waitForEnd<Landfall.ProofItem>(
    {
      what: `proof ${proofID}`,
      follow: `landfall proof watch ${proofID}`,
      ask: async () => (await client.landfall('GetProof', { proofID })).proof,
      isEnded: ({ state }) => state !== 'RUNNING',
      progressOf: proofProgress,
    },
    output,
  );
}

function proofProgress(proof: Landfall.ProofItem): ProgressState {
  const { state: label, createdDateTime, chunksDone = 0, chunksTotal = 0 } = proof;
  const detail = progressOf(proof);
  if (detail === undefined || chunksTotal === 0) return { label };
  const fraction = chunksDone / chunksTotal;
  const times = { startedAtMs: Date.parse(createdDateTime), nowMs: systemClock.nowMs(), fraction };
  return { label, detail, fraction, ...etaMs(times) };
}

async function show({ client, output }: Context, proofID: string, out: string | undefined): Promise<void> {
  const { proof, report } = await client.landfall('GetProof', { proofID });
  if (out === undefined) return showProof(output, proof, report);
  if (report === undefined) {
    throw new OperationError(
      'EQUALITY_PROOF_INCOMPLETE',
      `${proofID} is ${proof.state}: there is no report`,
      {
        hint: proof.reason ?? 'wait until it is COMPLETE',
      },
    );
  }
  await writeDurably(out, report);
  showProof(output, proof);
}

function showProof(output: Output, proof: Landfall.ProofItem, report?: string): void {
  showFacts(output, report === undefined ? proof : { ...proof, report: JSON.parse(report) }, [
    ['proof', proof.proofID],
    ['server', proof.sourceServerID],
    ['state', proof.verdict === undefined ? proof.state : `${proof.state}: ${proof.verdict}`],
    ['began', `${proof.createdDateTime} (${proof.trigger})`],
    ['ended', proof.endedDateTime],
    ['chunks', progressOf(proof)],
    ['differences', proof.differences],
    ['damaged', proof.damaged ?? 0],
    ['left out before', proof.leftOut ?? 0],
    ...(proof.reason === undefined ? [] : [['reason', proof.reason] as [string, unknown]]),
  ]);
}

function progressOf({ chunksDone, chunksTotal }: Landfall.ProofItem): string | undefined {
  return chunksTotal === undefined ? undefined : `${chunksDone} of ${chunksTotal}`;
}

function pointText({ epoch, cutDateTime }: { readonly epoch: number; readonly cutDateTime: string }): string {
  return `${epoch} (${cutDateTime})`;
}

async function readText(path: string): Promise<string> {
  const text = await readIfExists(path);
  if (text !== undefined) return text;
  throw new OperationError('OPTION_INVALID', `there is no file ${path}`, { hint: 'name one that exists' });
}
