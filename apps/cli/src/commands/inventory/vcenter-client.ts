/** `landfall vcenter-client …`: appliances for servers without an agent; there are none yet. */
import type { Mgn } from '@landfall/api';
import type { Command } from 'commander';
import { showFacts, showRows } from '../../terminal/output.ts';
import type { Column } from '../../terminal/table.ts';
import { contextOf } from '../context.ts';
import { addListing, type ListOptions, listItems } from '../listing.ts';

const COLUMNS: readonly Column<Mgn.VcenterClient>[] = [
  { title: 'ID', value: ({ vcenterClientID }) => vcenterClientID },
  { title: 'HOST NAME', value: ({ hostname }) => hostname },
  { title: 'DATACENTER', value: ({ datacenterName }) => datacenterName },
  { title: 'LAST SEEN', value: ({ lastSeenDatetime }) => lastSeenDatetime },
];

export function addVcenterClientCommands(program: Command): void {
  const vcenter = program
    .command('vcenter-client')
    .description('vCenter clients, as the public API knows them');
  addListing(vcenter.command('list'), 'DescribeVcenterClients')
    .description('list vCenter clients')
    .action(async (options: ListOptions, command: Command) => {
      const { client, output } = await contextOf(command);
      const clients = await listItems(client, 'DescribeVcenterClients', {}, options);
      showRows(output, clients, COLUMNS, 'No vCenter clients: servers are replicated by their agents.');
    });
  vcenter
    .command('delete <vcenterClientID>')
    .description('remove a vCenter client')
    .action(async (vcenterClientID: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      await client.mgn('DeleteVcenterClient', { vcenterClientID });
      showFacts(output, { vcenterClientID, deleted: true }, [['deleted', vcenterClientID]]);
    });
}
