/** `landfall server set|set-state|set-replication-type`: what the public API lets one change of a server. */
import { type Mgn, operations } from '@landfall/api';
import { Argument, type Command } from 'commander';
import { showFacts } from '../../terminal/output.ts';
import { contextOf, findServerId, hostNameOf } from '../context.ts';
import { addInputOptions, inputFrom, type MemberOptions, refuseEmpty } from '../input-options.ts';

const STATES = ['READY_FOR_TEST', 'READY_FOR_CUTOVER', 'CUTOVER'] as const;
const TYPES = ['AGENT_BASED', 'SNAPSHOT_SHIPPING'] as const;

const MEMBERS: MemberOptions = {
  omit: ['sourceServerID', 'accountID'],
  words: {
    connectorAction: 'the connector it is reached through, and its secret: {"connectorArn":…}',
    userProvidedID: 'a name of your own, as in imports and exports',
    fqdnForActionFramework: 'the name post-launch actions know it by',
    platform: 'what it runs on',
  },
};

export function addServerChangeCommands(server: Command): void {
  const { UpdateSourceServer } = operations.mgn;
  addInputOptions(server.command('set <server>'), UpdateSourceServer, MEMBERS)
    .description('change what is noted of a server')
    .action(async (name: string, options: Record<string, unknown>, command: Command) => {
      const { client, output } = await contextOf(command);
      const change = await inputFrom(options, UpdateSourceServer, MEMBERS);
      refuseEmpty(change, 'landfall server set');
      const sourceServerID = await findServerId(client, name);
      const changed = await client.mgn('UpdateSourceServer', { sourceServerID, ...change });
      showFacts(output, changed, noteFacts(changed));
    });
  server
    .command('set-state <server>')
    .addArgument(new Argument('<state>', 'the lifecycle state').choices(STATES))
    .description('put a server into another state of its lifecycle, as far as the one it is in allows it')
    .action(async (name: string, state: (typeof STATES)[number], _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const sourceServerID = await findServerId(client, name);
      const changed = await client.mgn('ChangeServerLifeCycleState', {
        sourceServerID,
        lifeCycle: { state },
      });
      showFacts(output, changed, [
        ['server', changed.sourceServerID],
        ['lifecycle', changed.lifeCycle?.state],
      ]);
    });
  server
    .command('set-replication-type <server>')
    .addArgument(new Argument('<type>', 'how it is replicated').choices(TYPES))
    .description('say how a server is replicated; without an agent is for servers that have none yet')
    .action(
      async (name: string, replicationType: Mgn.ReplicationType, _options: unknown, command: Command) => {
        const { client, output } = await contextOf(command);
        const sourceServerID = await findServerId(client, name);
        const input = { sourceServerID, replicationType };
        const changed = await client.mgn('UpdateSourceServerReplicationType', input);
        showFacts(output, changed, [
          ['server', changed.sourceServerID],
          ['replication type', changed.replicationType],
        ]);
      },
    );
}

function noteFacts(server: Mgn.SourceServer): [string, unknown][] {
  return [
    ['server', server.sourceServerID],
    ['host name', hostNameOf(server)],
    ['your name of it', server.userProvidedID],
    ['name for actions', server.fqdnForActionFramework],
    ['connector', server.connectorAction?.connectorArn],
  ];
}
