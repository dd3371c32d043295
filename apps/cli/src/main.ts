/**
 * The one command line: `landfall …`. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a benchmark missed its
 * goal, or a journal is damaged.
 */
import { ApiError } from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import { Command, CommanderError } from 'commander';
import { addApiCommand } from './commands/api.ts';
import { addBenchCommand } from './commands/bench.ts';
import { addBootProofCommands } from './commands/boot-proof.ts';
import { addConnectorCommands } from './commands/connector.ts';
import { addCrashTestCommand } from './commands/crash-test.ts';
import { addDemoCommand } from './commands/demo.ts';
import { addEnvCommand } from './commands/env.ts';
import { addFilesCommands } from './commands/files.ts';
import { addGroupCommands } from './commands/group.ts';
import { addGuestMatrixCommand } from './commands/guest-matrix.ts';
import { addIdentityCommands } from './commands/identity.ts';
import { addInventoryCommands } from './commands/inventory.ts';
import { addJobCommands } from './commands/job.ts';
import { addJournalCommands } from './commands/journal.ts';
import { addLaunchConfigurationCommands } from './commands/launch-configuration.ts';
import { addLaunchTemplateCommands } from './commands/launch-template.ts';
import { addMachineCommands } from './commands/machine.ts';
import { addMigrationCommands } from './commands/migration.ts';
import { addProofCommands } from './commands/proof.ts';
import { addRecoveryPointCommands, addRecoveryPointMarkCommands } from './commands/recovery-points.ts';
import { addScriptCommands } from './commands/script.ts';
import { addServerCommands } from './commands/server.ts';
import { addSimulateCommand } from './commands/simulate.ts';
import { addTestCommand } from './commands/test.ts';
import { addTokenCommands } from './commands/token.ts';
import { addUpCommand } from './commands/up.ts';

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
