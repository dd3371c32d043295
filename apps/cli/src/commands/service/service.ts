/** `landfall service …` and `landfall account …`: the control plane itself, and what belongs to it. */
import type { Landfall, Mgn } from '@landfall/api';
import { formatBytes } from '@landfall/runtime';
import type { Command } from 'commander';
import { showFacts, showJson, showRows } from '../../terminal/output.ts';
import { type Column, formatTable } from '../../terminal/table.ts';
import { contextOf } from '../context.ts';
import { addListing, type ListOptions, listItems } from '../listing.ts';

interface ProgramRow {
  readonly kind: string;
  readonly id: string;
  readonly connected: boolean;
  readonly version?: string | undefined;
  readonly detail: string;
}

const PROGRAM_COLUMNS: readonly Column<ProgramRow>[] = [
  { title: 'PROGRAM', value: ({ kind }) => kind },
  { title: 'ID', value: ({ id }) => id },
  { title: 'CONNECTED', value: ({ connected }) => (connected ? 'yes' : 'no') },
  { title: 'VERSION', value: ({ version }) => version },
  { title: 'DETAIL', value: ({ detail }) => detail },
];

const ACCOUNT_COLUMNS: readonly Column<Mgn.ManagedAccount>[] = [
  { title: 'ID', value: ({ accountId }) => accountId },
];

export function addServiceCommands(program: Command): void {
  const service = program
    .command('service')
    .description('the control plane and the programs that belong to it');
  service
    .command('show')
    .description('its version, its replication servers and its launch hosts')
    .action(async (_options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const described = await client.landfall('DescribeService', {});
      if (output.json) return showJson(output, described);
      output.out(`version  ${described.version}\n\n`);
      output.out(formatTable(programsOf(described), PROGRAM_COLUMNS, output.outColumns));
    });
  service
    .command('initialize')
    .description('make the MGN API ready for use; `landfall up` has done it already')
    .action(async (_options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      await client.mgn('InitializeService', {});
      showFacts(output, { initialized: true }, [['initialized', 'yes']]);
    });
}

export function addAccountCommands(program: Command): void {
  const account = program.command('account').description('accounts, as the public API knows them');
  addListing(account.command('list'), 'ListManagedAccounts')
    .description('list the accounts this control plane serves')
    .action(async (options: ListOptions, command: Command) => {
      const { client, output } = await contextOf(command);
      const accounts = await listItems(client, 'ListManagedAccounts', {}, options);
      showRows(output, accounts, ACCOUNT_COLUMNS, 'No accounts.');
    });
}

function programsOf({ replicationServers, launchHosts }: Landfall.DescribeServiceResponse): ProgramRow[] {
  return [
    ...replicationServers.map((server) => ({
      ...{ kind: 'replication server', id: server.replicationServerID },
      ...{ connected: server.connected, version: server.version, detail: stagingText(server) },
    })),
    ...launchHosts.map((host) => ({
      ...{ kind: 'launch host', id: host.launchHostID },
      ...{ connected: host.connected, version: host.version, detail: hostText(host) },
    })),
  ];
}

function stagingText({ stagingFreeBytes, stagingTotalBytes }: Landfall.ReplicationServerItem): string {
  if (stagingFreeBytes === undefined || stagingTotalBytes === undefined) return 'not heard of yet';
  return `${formatBytes(stagingFreeBytes)} of ${formatBytes(stagingTotalBytes)} free`;
}

function hostText({ machines, freeMemoryBytes, accelerator }: Landfall.LaunchHostItem): string {
  const parts = [
    machines === undefined ? undefined : `${machines} machines`,
    freeMemoryBytes === undefined ? undefined : `${formatBytes(freeMemoryBytes)} of memory free`,
    accelerator,
  ];
  return parts.filter((part) => part !== undefined).join(', ') || 'not heard of yet';
}
