/** `landfall replication …`: the replication of a server, begun, held, ended. */
import type { Mgn } from '@landfall/api';
import type { Command } from 'commander';
import { showFacts } from '../../terminal/output.ts';
import { contextOf, findServerId } from '../context.ts';

const VERBS = [
  ['start', 'StartReplication', 'replicate a stopped server again, with a new staging area'],
  ['stop', 'StopReplication', 'end replication and free the staging area; the agent stays installed'],
  ['pause', 'PauseReplication', 'send nothing for a while; what changes meanwhile is remembered'],
  ['resume', 'ResumeReplication', 'go on where it was paused'],
  ['retry', 'RetryDataReplication', 'try again what stalled'],
] as const;

export function addReplicationCommands(program: Command): void {
  const replication = program.command('replication').description('the replication of a server');
  for (const [verb, operation, description] of VERBS) {
    replication
      .command(`${verb} <server>`)
      .description(description)
      .action(async (name: string, _options: unknown, command: Command) => {
        const { client, output } = await contextOf(command);
        const sourceServerID = await findServerId(client, name);
        const changed = await client.mgn(operation, { sourceServerID });
        showFacts(output, changed, stateFacts(changed));
      });
  }
}

function stateFacts({
  sourceServerID,
  lifeCycle,
  dataReplicationInfo,
}: Mgn.SourceServer): [string, unknown][] {
  return [
    ['server', sourceServerID],
    ['lifecycle', lifeCycle?.state],
    ['replication', dataReplicationInfo?.dataReplicationState],
    ['what next', `landfall server watch ${sourceServerID}`],
  ];
}
