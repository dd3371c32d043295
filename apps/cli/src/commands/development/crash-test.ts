/**
 * `landfall crash-test`: loaded servers on real file systems are replicated while what replicates them is
 * killed; then points of their history are mounted, recovered and proved. The work is done by `e2e/crash` in
 * a process of its own, in mount and IPC namespaces of its own, so that no mount and no shared memory is left
 * whatever happens.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { OperationError, SUPERVISED_VARIABLE } from '@landfall/runtime';
import type { Command } from 'commander';
import { EXIT_FAILED } from '../../exit-codes.ts';
import { CRASH_TEST_PACKAGES, ensureDebianPackages } from '../../setup/debian-packages.ts';
import { outputOf } from '../context.ts';
import { wholeNumber } from '../options.ts';

const CAMPAIGN = join(import.meta.dirname, '../../../../../e2e/crash/main.ts');
const ROUNDS_DEFAULT = 20;

interface CrashTestOptions {
  readonly rounds: number;
  readonly fromSeed?: number;
}

export function addCrashTestCommand(program: Command): void {
  program
    .command('crash-test')
    .description('kill replication of loaded servers, then mount and prove points of their history')
    .option('--rounds <count>', 'how many servers, one after the other', wholeNumber, ROUNDS_DEFAULT)
    .option('--from-seed <seed>', 'seed of the first round; the next have the next', wholeNumber)
    .action(async (options: CrashTestOptions, command: Command) => {
      const output = outputOf(command);
      if (process.getuid?.() !== 0)
        throw new OperationError('NOT_ROOT', 'landfall crash-test needs root', { hint: 'run it with sudo' });
      await ensureDebianPackages(CRASH_TEST_PACKAGES, (line) => output.err(`${line}\n`));
      process.exitCode = await runCampaign(options, output.json);
    });
}

/** Resolves with its exit code. It ends with this process: its standard input is a pipe that then closes. */
function runCampaign({ rounds, fromSeed }: CrashTestOptions, json: boolean): Promise<number> {
  const seed = fromSeed === undefined ? [] : ['--from-seed', String(fromSeed)];
  const campaign = [CAMPAIGN, '--rounds', String(rounds), ...seed, ...(json ? ['--json'] : [])];
  const node = [process.execPath, '--disable-warning=ExperimentalWarning'];
  const namespace = ['--mount', '--propagation', 'private', '--ipc', '--'];
  const env = { ...process.env, [SUPERVISED_VARIABLE]: '1' };
  return new Promise((resolve, reject) => {
    const child = spawn('unshare', [...namespace, ...node, ...campaign], {
      env,
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    child.on('error', reject);
    child.on('close', (exitCode) => resolve(exitCode ?? EXIT_FAILED));
  });
}
