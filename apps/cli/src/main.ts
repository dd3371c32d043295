/**
 * The one command line: `landfall …`. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a benchmark missed its
 * goal, or a journal is damaged.
 */
import { ApiError } from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import { Command, CommanderError } from 'commander';
import { addApiCommand } from './commands/service/api.ts';
import { addBenchCommand } from './commands/development/bench.ts';
import { addBootProofCommands } from './commands/proof/boot-proof.ts';
import { addConnectorCommands } from './commands/inventory/connector.ts';
import { addCrashTestCommand } from './commands/development/crash-test.ts';
import { addDemoCommand } from './commands/development/demo.ts';
import { addEnvCommand } from './commands/service/env.ts';
import { addFilesCommands } from './commands/recovery-point/files.ts';
import { addGroupCommands } from './commands/inventory/group.ts';
import { addGuestMatrixCommand } from './commands/development/guest-matrix.ts';
import { addIdentityCommands } from './commands/identity/identity.ts';
import { addInventoryCommands } from './commands/inventory/inventory.ts';
import { addJobCommands } from './commands/job/job.ts';
import { addJournalCommands } from './commands/journal/journal.ts';
import { addLaunchConfigurationCommands } from './commands/launch/launch-configuration.ts';
import { addLaunchTemplateCommands } from './commands/launch/launch-template.ts';
import { addMachineCommands } from './commands/machine/machine.ts';
import { addMigrationCommands } from './commands/launch/migration.ts';
import { addProofCommands } from './commands/proof/proof.ts';
import { addRecoveryPointCommands, addRecoveryPointMarkCommands } from './commands/recovery-point/recovery-points.ts';
import { addScriptCommands } from './commands/launch/script.ts';
import { addServerCommands } from './commands/server/server.ts';
import { addSimulateCommand } from './commands/development/simulate.ts';
import { addTestCommand } from './commands/development/test.ts';
import { addTokenCommands } from './commands/identity/token.ts';
import { addUpCommand } from './commands/service/up.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

function buildProgram(): Command {
  const program = new Command('landfall');
  program
    .description('Moves running servers and keeps them recoverable to any second.')
    .option(
      '--state-dir <folder>',
      'state folder of `landfall up` (LANDFALL_STATE_DIR; default /var/lib/landfall)',
    )
    .option('--json', 'one JSON value on standard output instead of a table')
    .showHelpAfterError()
    .exitOverride();
  const add = [
    addUpCommand,
    addDemoCommand,
    addTestCommand,
    addBenchCommand,
    addSimulateCommand,
    addCrashTestCommand,
    addGuestMatrixCommand,
    addEnvCommand,
    addTokenCommands,
    addServerCommands,
  ];
  for (const addTo of add) addTo(program);
  for (const addTo of [
    addMigrationCommands,
    addLaunchConfigurationCommands,
    addLaunchTemplateCommands,
    addScriptCommands,
    addMachineCommands,
    addJobCommands,
    addRecoveryPointCommands,
    addRecoveryPointMarkCommands,
    addFilesCommands,
    addProofCommands,
    addBootProofCommands,
    addJournalCommands,
    addGroupCommands,
    addInventoryCommands,
    addConnectorCommands,
    addApiCommand,
    addIdentityCommands,
  ])
    addTo(program);
  return program;
}

function reportFailure(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  if (error instanceof OperationError) {
    process.stderr.write(`landfall: ${error.code}: ${error.message}\n`);
    if (error.hint !== undefined) process.stderr.write(`  what to do: ${error.hint}\n`);
    return EXIT_FAILED;
  }
  if (error instanceof ApiError) process.stderr.write(`landfall: ${error.name}: ${error.message}\n`);
  else
    process.stderr.write(
      `landfall: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
  return EXIT_FAILED;
}

try {
  await buildProgram().parseAsync(process.argv);
} catch (error) {
  process.exitCode = reportFailure(error);
}
