/**
 * The tree of commands. A room is a part of the work and a chapter of docs/cli.md; a command goes into the
 * room of its noun. Which operation of the API a command calls is said in `tree/operation-commands.ts`.
 */
import { Command } from 'commander';
import packageDescription from '../package.json' with { type: 'json' };
import { addBenchCommand } from './commands/development/bench.ts';
import { addCrashTestCommand } from './commands/development/crash-test.ts';
import { addDemoCommand } from './commands/development/demo.ts';
import { addGuestMatrixCommand } from './commands/development/guest-matrix.ts';
import { addSimulateCommand } from './commands/development/simulate.ts';
import { addTestCommand } from './commands/development/test.ts';
import { addIdentityCommands } from './commands/identity/identity.ts';
import { addTokenCommands } from './commands/identity/token.ts';
import { addConnectorCommands } from './commands/inventory/connector.ts';
import { addGroupCommands } from './commands/inventory/group.ts';
import { addInventoryCommands } from './commands/inventory/inventory.ts';
import { addTagCommands } from './commands/inventory/tag.ts';
import { addVcenterClientCommands } from './commands/inventory/vcenter-client.ts';
import { addJobCommands } from './commands/job/job.ts';
import { addJournalCommands } from './commands/journal/journal.ts';
import { addRetentionCommands } from './commands/journal/retention.ts';
import { addActionCommands } from './commands/launch/action.ts';
import { addLaunchCommands } from './commands/launch/launch.ts';
import { addLaunchConfigurationCommands } from './commands/launch/launch-configuration.ts';
import { addLaunchTemplateCommands } from './commands/launch/launch-template.ts';
import { addMigrationCommands } from './commands/launch/migration.ts';
import { addScriptCommands } from './commands/launch/script.ts';
import { addHostCommands } from './commands/machine/host.ts';
import { addMachineCommands } from './commands/machine/machine.ts';
import { addBootProofCommands } from './commands/proof/boot-proof.ts';
import { addProofCommands } from './commands/proof/proof.ts';
import { addFilesCommands } from './commands/recovery-point/files.ts';
import { addRecoveryPointCommands } from './commands/recovery-point/recovery-points.ts';
import { addReplicationCommands } from './commands/replication/replication.ts';
import { addReplicationConfigurationCommands } from './commands/replication/replication-configuration.ts';
import { addMetricsCommand } from './commands/server/metrics.ts';
import { addServerCommands } from './commands/server/server.ts';
import { addApiCommand } from './commands/service/api.ts';
import { addCompletionCommands } from './commands/service/completion.ts';
import { addEnvCommand } from './commands/service/env.ts';
import { addEventsCommand } from './commands/service/events.ts';
import { addAccountCommands, addServiceCommands } from './commands/service/service.ts';
import { addStatusCommand } from './commands/service/status.ts';
import { addUpCommand } from './commands/service/up.ts';
import { addWebhookCommands } from './commands/service/webhook.ts';
import type { OutputPorts } from './terminal/output.ts';

export interface Room {
  readonly title: string;
  readonly add: readonly ((program: Command) => void)[];
}

export const ROOMS: readonly Room[] = [
  {
    title: 'The control plane',
    add: [
      addUpCommand,
      addStatusCommand,
      addServiceCommands,
      addAccountCommands,
      addEnvCommand,
      addApiCommand,
      addEventsCommand,
      addWebhookCommands,
      addCompletionCommands,
    ],
  },
  {
    title: 'Servers and their replication',
    add: [
      addTokenCommands,
      addServerCommands,
      addMetricsCommand,
      addReplicationCommands,
      addReplicationConfigurationCommands,
    ],
  },
  {
    title: 'Launches',
    add: [
      addLaunchCommands,
      addMigrationCommands,
      addLaunchConfigurationCommands,
      addLaunchTemplateCommands,
      addActionCommands,
      addScriptCommands,
      addMachineCommands,
      addHostCommands,
      addJobCommands,
    ],
  },
  {
    title: 'Recovery points and proofs',
    add: [
      addRecoveryPointCommands,
      addFilesCommands,
      addProofCommands,
      addBootProofCommands,
      addJournalCommands,
      addRetentionCommands,
    ],
  },
  {
    title: 'Inventory',
    add: [
      addGroupCommands,
      addInventoryCommands,
      addTagCommands,
      addConnectorCommands,
      addVcenterClientCommands,
    ],
  },
  { title: 'Who may do what', add: [addIdentityCommands] },
  {
    title: 'Seeing that it works',
    add: [
      addDemoCommand,
      addTestCommand,
      addBenchCommand,
      addSimulateCommand,
      addCrashTestCommand,
      addGuestMatrixCommand,
    ],
  },
];

/** With `ports` what it says goes there instead of to this process's output. */
export function buildProgram({ writeOut, writeErr }: OutputPorts = {}): Command {
  const program = new Command('landfall');
  program
    .configureOutput({
      ...(writeOut === undefined ? {} : { writeOut }),
      ...(writeErr === undefined ? {} : { writeErr }),
    })
    .description('Moves running servers and keeps them recoverable to any second.')
    .version(packageDescription.version, '--version', 'the release of this CLI')
    .showHelpAfterError()
    .exitOverride();
  addProgramOptions(program);
  for (const { title, add } of ROOMS) {
    program.commandsGroup(`${title}:`);
    for (const addTo of add) addTo(program);
  }
  return program;
}

export function addProgramOptions(program: Command): void {
  program
    .option(
      '--state-dir <folder>',
      'state folder of `landfall up` (LANDFALL_STATE_DIR; default /var/lib/landfall)',
    )
    .option('--json', 'one JSON value on standard output instead of a table');
}
