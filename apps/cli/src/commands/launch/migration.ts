/** The lifecycle of a server after its launches, one verb each. */
import type { ApiClient, Mgn } from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import type { Command } from 'commander';
import { showFacts } from '../../terminal/output.ts';
import { contextOf, findServer, findServerId } from '../context.ts';

export function addMigrationCommands(program: Command): void {
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

type Verb = (client: ApiClient, sourceServerID: string) => Promise<Mgn.SourceServer>;

function addServerVerb(program: Command, name: string, description: string, verb: Verb): void {
  program
    .command(`${name} <server>`)
    .description(description)
    .action(async (server: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const changed = await verb(client, await findServerId(client, server));
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
