/** The lifecycle from test to archive, one verb each. */
import type { ApiClient, Landfall, Mgn } from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import type { Command } from 'commander';
import { showFacts } from '../../terminal/output.ts';
import { type Context, contextOf, findServer, idOf } from '../context.ts';
import { followJob } from '../job/job-progress.ts';

interface LaunchOptions {
  readonly at?: string;
  readonly unproved?: boolean;
  readonly wait: boolean;
}

export function addMigrationCommands(program: Command): void {
  addLaunchCommands(program);
  addServerVerb(program, 'mark-ready', 'the test is good: TESTING → READY_FOR_CUTOVER', (client, id) =>
    changeState(client, id, 'READY_FOR_CUTOVER'),
  );
  addServerVerb(program, 'revert', 'take back a test or a cutover; its machine is terminated', revert);
  addServerVerb(
    program,
    'finalize',
    'make the cutover final: the machine becomes independent, staging is freed',
    (client, id) => client.mgn('FinalizeCutover', { sourceServerID: id }),
  );
  addServerVerb(
    program,
    'disconnect',
    'stop replicating a server for good and uninstall its agent',
    (client, id) => client.mgn('DisconnectFromService', { sourceServerID: id }),
  );
  addServerVerb(program, 'archive', 'put a finished server away', (client, id) =>
    client.mgn('MarkAsArchived', { sourceServerID: id }),
  );
}

function addLaunchCommands(program: Command): void {
  const launch = program.command('launch').description('launch a machine from a recovery point');
  for (const [name, purpose] of [
    ['test', 'TEST'],
    ['cutover', 'CUTOVER'],
  ] as const) {
    const command = launch
      .command(`${name} <server>`)
      .description(`launch a ${name} machine`)
      .option(
        '--at <when>',
        'latest, verified (known to boot, converted already), an ISO 8601 time, or epoch:N',
        'latest',
      )
      .option('--no-wait', 'return when the job has begun')
      .action(async (server: string, options: LaunchOptions, command: Command) =>
        startLaunch(await contextOf(command), server, purpose, options),
      );
    if (purpose === 'CUTOVER') command.option('--unproved', 'without a proof of boot before it');
  }
}

async function startLaunch(
  { client, output }: Context,
  name: string,
  purpose: 'TEST' | 'CUTOVER',
  options: LaunchOptions,
): Promise<void> {
  const sourceServerID = idOf(await findServer(client, name));
  const { at: when = 'latest', unproved } = options;
  const at = ['latest', 'verified'].includes(when.toLowerCase()) ? when.toUpperCase() : when;
  const { job } = await client.landfall('StartLaunch', { sourceServerID, purpose, at, unproved });
  if (!options.wait) return showFacts(output, { job }, [['job', job.jobID]]);
  const finished = await followJob(client, job.jobID, output);
  const machines = await client.landfall('DescribeLaunchedMachines', { sourceServerIDs: [sourceServerID] });
  const machine = machines.items.find((one) => one.jobID === job.jobID);
  showFacts(output, { job: finished, machine }, [
    ['machine', machine?.machineID],
    ['recovery point', machine?.recoveryPoint.cutDateTime],
    ...scannedWarning(machine),
    ...(machine?.published ?? []).map((port): [string, unknown] => [
      `port ${port.guestPort}`,
      `${port.host}:${port.port}`,
    ]),
  ]);
}

/** Such a point may be launched, and often starts; whoever relies on it should know what it is. */
function scannedWarning(machine: Landfall.LaunchedMachine | undefined): [string, unknown][] {
  if (machine?.recoveryPoint.consistency !== 'SCANNED') return [];
  const what =
    'the disks were read while they were written: no cut. File systems may need repair, data may be torn';
  return [['WARNING', what]];
}

type Verb = (client: ApiClient, sourceServerID: string) => Promise<Mgn.SourceServer>;

function addServerVerb(program: Command, name: string, description: string, verb: Verb): void {
  program
    .command(`${name} <server>`)
    .description(description)
    .action(async (server: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const changed = await verb(client, idOf(await findServer(client, server)));
      showFacts(output, changed, [
        ['server', changed.sourceServerID],
        ['lifecycle', changed.lifeCycle?.state],
        ['replication', changed.dataReplicationInfo?.dataReplicationState],
        ['archived', changed.isArchived === true ? 'yes' : 'no'],
      ]);
    });
}

function changeState(
  client: ApiClient,
  sourceServerID: string,
  state: Mgn.ChangeServerLifeCycleStateSourceServerLifecycleState,
): Promise<Mgn.SourceServer> {
  return client.mgn('ChangeServerLifeCycleState', { sourceServerID, lifeCycle: { state } });
}

/** Back one step, then without the machine: what the field's consoles do on "revert". */
async function revert(client: ApiClient, sourceServerID: string): Promise<Mgn.SourceServer> {
  const server = await findServer(client, sourceServerID);
  const state = server.lifeCycle?.state;
  if (state !== 'TESTING' && state !== 'CUTTING_OVER') {
    throw new OperationError(
      'NOTHING_TO_REVERT',
      `${sourceServerID} is ${state}: there is no test or cutover to take back`,
      {
        hint: 'revert works while a server is TESTING or CUTTING_OVER',
      },
    );
  }
  const changed = await changeState(
    client,
    sourceServerID,
    state === 'TESTING' ? 'READY_FOR_TEST' : 'READY_FOR_CUTOVER',
  );
  if (changed.launchedInstance?.ec2InstanceID !== undefined) {
    await client.mgn('TerminateTargetInstances', { sourceServerIDs: [sourceServerID] });
  }
  return changed;
}
