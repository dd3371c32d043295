/** `landfall host …`: the launch hosts, and what each of them really can. */
import type { Landfall } from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import type { Command } from 'commander';
import { showFacts, showRows } from '../../terminal/output.ts';
import { contextOf } from '../context.ts';
import { HOST_COLUMNS, hostFacts } from './host-text.ts';

export function addHostCommands(program: Command): void {
  const host = program.command('host').description('launch hosts, which convert and run machines');
  host
    .command('list')
    .description('list the launch hosts, with what they run machines on and the room they have')
    .action(async (_options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const { launchHosts } = await client.landfall('DescribeService', {});
      showRows(output, launchHosts, HOST_COLUMNS, 'No launch host has enrolled.');
    });
  host
    .command('show [launchHostID]')
    .description('what a launch host can and why not more: KVM, firmware, networks; the only one by itself')
    .action(async (launchHostID: string | undefined, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const { launchHosts } = await client.landfall('DescribeService', {});
      const found = findHost(launchHosts, launchHostID);
      showFacts(output, found, hostFacts(found));
    });
}

function findHost(
  hosts: readonly Landfall.LaunchHostItem[],
  id: string | undefined,
): Landfall.LaunchHostItem {
  const [first, second] = hosts;
  const found =
    id === undefined && second === undefined ? first : hosts.find((one) => one.launchHostID === id);
  if (found !== undefined) return found;
  const ids = hosts.map(({ launchHostID }) => launchHostID).join(', ');
  const message = id === undefined ? 'no launch host was named' : `there is no launch host ${id}`;
  throw new OperationError('RESOURCE_NOT_FOUND', message, {
    hint: ids === '' ? 'none has enrolled: `landfall token create` begins it' : `the launch hosts: ${ids}`,
  });
}
