import { writeFile } from 'node:fs/promises';
import type { Landfall } from '@landfall/api';
import type { Command } from 'commander';
import { type Column, showFacts, showRows } from '../../terminal/output.ts';
import { contextOf } from '../context.ts';
import { addSizesCommand } from '../launch/launch-template.ts';
import { wholeNumber } from '../options.ts';

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
    .action(async (_options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const machines = await client.landfall('DescribeLaunchedMachines', {});
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

function hydrationText(hydration: Landfall.Hydration): string {
  if (hydration.state !== 'RUNNING' || hydration.totalBytes === 0) return hydration.state;
  return `${Math.floor((100 * hydration.doneBytes) / hydration.totalBytes)} % filled in`;
}
