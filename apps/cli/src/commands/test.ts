/**
 * `landfall test`: the README's test command. Installs what the tests need, checks, then runs the real
 * stories.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { OperationError } from '@landfall/runtime';
import type { Command } from 'commander';
import { ensureDebianPackages, TEST_PACKAGES } from '../setup/debian-packages.ts';
import { outputOf } from './context.ts';

const REPOSITORY = join(import.meta.dirname, '../../../..');
const STORIES = ['apps/*/src/**/*.e2e.ts', 'e2e/*.e2e.ts'];
/** Whole demos with a program killed at three moments each: half an hour and more. */
const CAMPAIGNS = ['e2e/campaigns/*.e2e.ts'];

interface TestOptions {
  readonly only?: readonly string[];
  readonly campaigns?: boolean;
}

export function addTestCommand(program: Command): void {
  program
    .command('test')
    .description('run all tests: types, lint, tidy, unit, then the end-to-end stories')
    .option('--campaigns', 'the long stories too: each program killed in turn during a whole demo')
    .option('--only <pattern...>', 'only these end-to-end files (glob), without the checks')
    .action(async (options: TestOptions, command: Command) => {
      const output = outputOf(command);
      await ensureDebianPackages(TEST_PACKAGES, (line) => output.err(`${line}\n`));
      if (options.only === undefined) await runStage('npm run check', ['npm', 'run', '--silent', 'check']);
      await runStage('the end-to-end stories', [
        process.execPath,
        '--disable-warning=ExperimentalWarning',
        '--test',
        '--test-concurrency=1',
        '--test-reporter=spec',
        ...storyFiles(options),
      ]);
    });
}

function storyFiles({ only, campaigns }: TestOptions): readonly string[] {
  if (only !== undefined) return only;
  return campaigns === true ? [...STORIES, ...CAMPAIGNS] : STORIES;
}

/** Runs with this Node first on PATH and the terminal passed through. */
function runStage(what: string, argv: readonly [string, ...string[]]): Promise<void> {
  const [command, ...parameters] = argv;
  const path = `${join(process.execPath, '..')}:${process.env.PATH ?? ''}`;
  const env = { ...process.env, PATH: path };
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, {
      cwd: REPOSITORY,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('error', reject);
    child.on('close', (exitCode) => {
      if (exitCode === 0) return resolve();
      const hint = 'the lines above name the test that failed';
      reject(new OperationError('TESTS_FAILED', `${what} failed (exit code ${exitCode})`, { hint }));
    });
  });
}
