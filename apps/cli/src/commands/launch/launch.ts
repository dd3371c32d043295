/** `landfall launch test|cutover`: machines from recovery points. */
import type { Landfall, Mgn } from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import type { Command } from 'commander';
import { showFacts } from '../../terminal/output.ts';
import { type Context, contextOf, findServerIds } from '../context.ts';
import { followJob } from '../job/job-progress.ts';
import { addWaitOptions, type WaitOptions } from '../options.ts';

interface LaunchOptions extends WaitOptions {
  readonly at?: string;
  readonly unproved?: boolean;
}

const PURPOSES = [
  ['test', 'TEST', 'StartTest'],
  ['cutover', 'CUTOVER', 'StartCutover'],
] as const;

export function addLaunchCommands(program: Command): void {
  const launch = program.command('launch').description('launch machines from recovery points');
  for (const [name, purpose, operation] of PURPOSES) {
    const command = launch
      .command(`${name} <server...>`)
      .description(`launch a ${name} machine; of several servers in one job, each at its newest point`)
      .option(
        '--at <when>',
        'latest, verified (known to boot, converted already), an ISO 8601 time, or epoch:N',
        'latest',
      );
    if (purpose === 'CUTOVER') command.option('--unproved', 'without a proof of boot before it');
    addWaitOptions(command, true).action(
      async (names: readonly string[], options: LaunchOptions, self: Command) => {
        const context = await contextOf(self);
        if (names.length === 1) await launchOne(context, names, purpose, options);
        else await launchTogether(context, names, operation, options);
      },
    );
  }
}

async function launchOne(
  { client, output }: Context,
  names: readonly string[],
  purpose: Landfall.LaunchPurpose,
  { at: when = 'latest', unproved, wait = true }: LaunchOptions,
): Promise<void> {
  const [sourceServerID = ''] = await findServerIds(client, names);
  const at = ['latest', 'verified'].includes(when.toLowerCase()) ? when.toUpperCase() : when;
  const { job } = await client.landfall('StartLaunch', { sourceServerID, purpose, at, unproved });
  if (!wait) return showFacts(output, { job }, begunFacts(job));
  const finished = await followJob(client, job.jobID, output);
  const machines = await client.landfall('DescribeLaunchedMachines', { sourceServerIDs: [sourceServerID] });
  const machine = machines.items.find((one) => one.jobID === job.jobID);
  showFacts(output, { job: finished, machine }, machineFacts(machine));
}

/** Errors: OPTION_INVALID for what can be said of one server only. */
async function launchTogether(
  { client, output }: Context,
  names: readonly string[],
  operation: 'StartTest' | 'StartCutover',
  { at = 'latest', unproved, wait = true }: LaunchOptions,
): Promise<void> {
  if (at.toLowerCase() !== 'latest' || unproved === true) {
    throw new OperationError('OPTION_INVALID', '--at and --unproved are for the launch of one server', {
      hint: 'launch the servers one by one, or all at their newest points',
    });
  }
  const sourceServerIDs = await findServerIds(client, names);
  const { job } = await client.mgn(operation, { sourceServerIDs });
  if (job === undefined) throw new OperationError('API_ANSWER_INVALID', 'a launch without a job');
  if (!wait) return showFacts(output, { job }, begunFacts(job));
  const finished = await followJob(client, job.jobID, output);
  const { items } = await client.landfall('DescribeLaunchedMachines', { sourceServerIDs });
  const machines = items.filter(({ jobID }) => jobID === job.jobID);
  showFacts(output, { job: finished, machines }, machines.flatMap(machineFacts));
}

type Fact = [name: string, value: unknown];

function begunFacts({ jobID }: Mgn.Job): Fact[] {
  return [
    ['job', jobID],
    ['what next', `landfall job watch ${jobID}`],
  ];
}

function machineFacts(machine: Landfall.LaunchedMachine | undefined): Fact[] {
  return [
    ['machine', machine?.machineID],
    ['recovery point', machine?.recoveryPoint.cutDateTime],
    ...scannedWarning(machine),
    ...(machine?.published ?? []).map(
      (port): Fact => [`port ${port.guestPort}`, `${port.host}:${port.port}`],
    ),
  ];
}

/** Such a point may be launched, and often starts; whoever relies on it should know what it is. */
function scannedWarning(machine: Landfall.LaunchedMachine | undefined): Fact[] {
  if (machine?.recoveryPoint.consistency !== 'SCANNED') return [];
  const what =
    'the disks were read while they were written: no cut. File systems may need repair, data may be torn';
  return [['WARNING', what]];
}
