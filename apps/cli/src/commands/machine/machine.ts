import { writeFile } from 'node:fs/promises';
import type { ApiClient, Landfall } from '@landfall/api';
import type { Command } from 'commander';
import { showFacts, showRows } from '../../terminal/output.ts';
import type { Column } from '../../terminal/table.ts';
import { contextOf, findServerId, findServerIds } from '../context.ts';
import { followJob } from '../job/job-progress.ts';
import { addSizesCommand } from '../launch/launch-template.ts';
import { addWaitOptions, type WaitOptions, wholeNumber } from '../options.ts';
import { addFillCommand } from './machine-fill.ts';

const COLUMNS: readonly Column<Landfall.LaunchedMachine>[] = [
  { title: 'ID', value: (machine) => machine.machineID },
  { title: 'SERVER', value: (machine) => machine.sourceServerID },
  { title: 'PURPOSE', value: (machine) => machine.purpose },
  { title: 'PHASE', value: (machine) => machine.phase },
  { title: 'RECOVERY POINT', value: (machine) => machine.recoveryPoint.cutDateTime },
  { title: 'DISKS', value: (machine) => hydrationText(machine.hydration) },
  {
    title: 'PORTS',
    value: (machine) => machine.published.map((port) => `${port.guestPort}→${port.port}`).join(' '),
  },
];

export function addMachineCommands(program: Command): void {
  const machine = program.command('machine').description('launched machines');
  addSizesCommand(machine);
  machine
    .command('list')
    .description('list launched machines')
    .option('--server <server>', 'only those of this server')
    .action(async ({ server }: { server?: string }, command: Command) => {
      const { client, output } = await contextOf(command);
      const filter = server === undefined ? {} : { sourceServerIDs: [await findServerId(client, server)] };
      const machines = await client.landfall('DescribeLaunchedMachines', filter);
      showRows(output, machines.items, COLUMNS, 'No machines. `landfall launch test SERVER` launches one.');
    });
  machine
    .command('console <machineID>')
    .description('the end of its serial console')
    .option('--tail <bytes>', 'so many bytes', wholeNumber, 16_384)
    .action(async (machineID: string, options: { tail: number }, command: Command) => {
      const { client, output } = await contextOf(command);
      const found = await client.landfall('GetConsoleOutput', { machineID, tailBytes: options.tail });
      output.out(output.json ? `${JSON.stringify(found)}\n` : found.text);
    });
  machine
    .command('actions <machineID>')
    .description('what its post-launch actions said')
    .action(async (machineID: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const { items } = await client.landfall('DescribeLaunchedMachines', {});
      const results = items.find((one) => one.machineID === machineID)?.postLaunch ?? [];
      if (output.json || results.length === 0) return showRows(output, results, [], 'No actions ran in it.');
      for (const { actionID, state, output: said } of results)
        output.out(`── ${actionID}: ${state}\n${said}\n`);
    });
  addFillCommand(machine);
  addTerminateCommand(machine);
  machine
    .command('screenshot <machineID> <file>')
    .description('its screen, as a PNG file')
    .action(async (machineID: string, file: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const found = await client.landfall('GetConsoleScreenshot', { machineID });
      await writeFile(file, Buffer.from(found.pngBase64, 'base64'));
      showFacts(output, { machineID, file }, [['screenshot', file]]);
    });
}

function addTerminateCommand(machine: Command): void {
  const terminate = machine
    .command('terminate <machine...>')
    .description('end machines, named by their ids or by their servers, and throw their disks away');
  addWaitOptions(terminate, true).action(
    async (names: readonly string[], { wait = true }: WaitOptions, command: Command) => {
      const { client, output } = await contextOf(command);
      const sourceServerIDs = await serversBehind(client, names);
      const { job } = await client.mgn('TerminateTargetInstances', { sourceServerIDs });
      const jobID = job?.jobID ?? '';
      const shown = wait ? await followJob(client, jobID, output) : job;
      showFacts(output, { job: shown }, [
        ['job', jobID],
        ['status', shown?.status],
        ...(wait ? [] : [['what next', `landfall job watch ${jobID}`] as const]),
      ]);
    },
  );
}

/** The API names machines by the servers they were launched from. */
async function serversBehind(client: ApiClient, names: readonly string[]): Promise<readonly string[]> {
  const { items } = await client.landfall('DescribeLaunchedMachines', {});
  const serverOf = (name: string) => items.find(({ machineID }) => machineID === name)?.sourceServerID;
  return findServerIds(
    client,
    names.map((name) => serverOf(name) ?? name),
  );
}

function hydrationText(hydration: Landfall.Hydration): string {
  if (hydration.state !== 'RUNNING' || hydration.totalBytes === 0) return hydration.state;
  return `${Math.floor((100 * hydration.doneBytes) / hydration.totalBytes)} % filled in`;
}
