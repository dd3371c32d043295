/**
 * `landfall test`: the README's test command. Installs what the tests need, checks, then runs the real
 * stories.
 */
import { join } from 'node:path';
import type { Command } from 'commander';
import { ensureDebianPackages, TEST_PACKAGES } from '../../setup/debian-packages.ts';
import { runStage } from '../../stories/run-stage.ts';
import { type Lane, type LaneOptions, planLanes } from '../../stories/story-lanes.ts';
import { outputOf } from '../context.ts';

const REPOSITORY = join(import.meta.dirname, '../../../../..');

export function addTestCommand(program: Command): void {
  program
    .command('test')
    .description('run all tests: types, lint, tidy, unit, then the end-to-end stories')
    .option('--campaigns', 'the long stories too: each program killed in turn during a whole demo')
    .option('--only <pattern...>', 'only these end-to-end files (glob), without the checks')
    .option('--one-by-one', 'no story beside another')
    .action(async (options: LaneOptions, command: Command) => {
      const output = outputOf(command);
      await ensureDebianPackages(TEST_PACKAGES, (line) => output.err(`${line}\n`));
      if (options.only === undefined) {
        const argv = ['npm', 'run', '--silent', 'check'] as const;
        await runStage({ what: 'npm run check', argv, repository: REPOSITORY });
      }
      await runLanes(planLanes(REPOSITORY, options));
    });
}

/** All lanes are run to their end, whichever fails. Errors: TESTS_FAILED, of the first lane that failed. */
async function runLanes(lanes: readonly Lane[]): Promise<void> {
  const outcomes = await Promise.allSettled(lanes.map((lane) => runLane(lane, lanes.length > 1)));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

async function runLane({ name, files }: Lane, isBesideOthers: boolean): Promise<void> {
  await runStage({
    what: isBesideOthers ? `the end-to-end stories (${name})` : 'the end-to-end stories',
    argv: [
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      '--test',
      '--test-concurrency=1',
      '--test-reporter=spec',
      ...files,
    ],
    repository: REPOSITORY,
    ...(isBesideOthers ? { prefix: `${name.padEnd(11)} │ ` } : {}),
  });
}
