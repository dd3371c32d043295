/**
 * `landfall test`: the README's test command. Installs what the tests need, checks, then runs the real
 * stories.
 */
import { join } from 'node:path';
import type { Command } from 'commander';
import { ensureDebianPackages, TEST_PACKAGES } from '../../setup/debian-packages.ts';
import { FailingPart } from '../../stories/failing-part.ts';
import { runStage, type Stage } from '../../stories/run-stage.ts';
import { type Lane, type LaneOptions, planLanes } from '../../stories/story-lanes.ts';
import { outputOf } from '../context.ts';

const REPOSITORY = join(import.meta.dirname, '../../../../..');
/** Of each lane that failed, told again at the end. */
const LINES_TOLD_AGAIN = 60;

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
  const [first] = lanes;
  if (first !== undefined && lanes.length === 1) return await runStage(stageOf(first));
  const parts = lanes.map(() => new FailingPart(LINES_TOLD_AGAIN));
  const outcomes = await Promise.allSettled(lanes.map((lane, at) => runStage(stageOf(lane, parts[at]))));
  for (const [at, part] of parts.entries()) {
    for (const line of part.lines()) process.stdout.write(`${prefixOf(lanes[at])}${line}\n`);
  }
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** `failing`: of a lane that runs beside others. */
function stageOf(lane: Lane, failing?: FailingPart): Stage {
  const runner = ['--disable-warning=ExperimentalWarning', '--test', '--test-concurrency=1'];
  return {
    what: failing === undefined ? 'the end-to-end stories' : `the end-to-end stories (${lane.name})`,
    argv: [process.execPath, ...runner, '--test-reporter=spec', ...lane.files],
    repository: REPOSITORY,
    ...(failing === undefined ? {} : { prefix: prefixOf(lane), onLine: (line) => failing.take(line) }),
  };
}

function prefixOf(lane: Lane | undefined): string {
  return `${(lane?.name ?? '').padEnd(11)} │ `;
}
