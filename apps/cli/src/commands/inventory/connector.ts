/** `landfall connector …`: kept for scripts that make them; nothing is sent through one. */
import type { Mgn } from '@landfall/api';
import type { Command } from 'commander';
import { showFacts, showRows } from '../../terminal/output.ts';
import type { Column } from '../../terminal/table.ts';
import { contextOf } from '../context.ts';
import { addListing, type ListOptions, listItems } from '../listing.ts';

const COLUMNS: readonly Column<Mgn.Connector>[] = [
  { title: 'ID', value: ({ connectorID }) => connectorID },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'INSTANCE', value: ({ ssmInstanceID }) => ssmInstanceID },
];

export function addConnectorCommands(program: Command): void {
  const connector = program.command('connector').description('connectors, as the public API keeps them');
  addListing(connector.command('list'), 'ListConnectors')
    .description('list connectors')
    .action(async (options: ListOptions, self: Command) => {
      const { client, output } = await contextOf(self);
      const connectors = await listItems(client, 'ListConnectors', {}, options);
      showRows(output, connectors, COLUMNS, 'No connectors.');
    });
  connector
    .command('create <name> <instanceID>')
    .description('make a connector on a managed instance (mi-… or i-…)')
    .action(async (name: string, ssmInstanceID: string, _options: unknown, self: Command) => {
      const { client, output } = await contextOf(self);
      showRows(output, [await client.mgn('CreateConnector', { name, ssmInstanceID })], COLUMNS, '');
    });
  connector
    .command('rename <connectorID> <name>')
    .description('give it another name')
    .action(async (connectorID: string, name: string, _options: unknown, self: Command) => {
      const { client, output } = await contextOf(self);
      showRows(output, [await client.mgn('UpdateConnector', { connectorID, name })], COLUMNS, '');
    });
  connector
    .command('delete <connectorID>')
    .description('remove it; servers that pointed at it point nowhere')
    .action(async (connectorID: string, _options: unknown, self: Command) => {
      const { client, output } = await contextOf(self);
      await client.mgn('DeleteConnector', { connectorID });
      showFacts(output, { connectorID, deleted: true }, [['deleted', connectorID]]);
    });
}
