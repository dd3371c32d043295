/**
 * `landfall test`: the README's test command. Installs what the tests need, checks, then runs the real
 * stories.
 */
import { join } from 'node:path';
import type { Command } from 'commander';
import { ensureDebianPackages, TEST_PACKAGES } from '../../setup/debian-packages.ts';
import { FailingPart } from '../../stories/failing-part.ts';
import { runStage, type Stage } from '../../stories/run-stage.ts';
import { runWithSecondAttempt, SPEC_REPORTERS } from '../../stories/second-attempt.ts';
import { type Lane, type LaneOptions, planLanes } from '../../stories/story-lanes.ts';
import { outputOf } from '../context.ts';

const REPOSITORY = join(import.meta.dirname, '../../../../..');
/** Of each lane that failed, told again at the end. */
const LINES_TOLD_AGAIN = 60;

interface TestOptions extends LaneOptions {
  readonly strict?: boolean;
}

/** Runs all to their end, at once. Resolves to files whose tests passed only when they were run again. */
type Attempts = (stages: readonly Stage[]) => Promise<readonly string[]>;

export function addTestCommand(program: Command): void {
  program
    .command('test')
    .description('run all tests: types, lint, tidy, unit, then the end-to-end stories')
    .option('--campaigns', 'the long stories too: each program killed in turn during a whole demo')
    .option('--only <pattern...>', 'only these end-to-end files (glob), without the checks')
    .option('--one-by-one', 'no story beside another')
    .option('--strict', 'fail at the first failure: by default few failed files get a second attempt, alone')
    .action(async (options: TestOptions, command: Command) => {
      const output = outputOf(command);
      await ensureDebianPackages(TEST_PACKAGES, (line) => output.err(`${line}\n`));
      const lanes = planLanes(REPOSITORY, options);
      const isStrict = options.strict === true || options.only !== undefined;
      const attempts: Attempts = isStrict ? once : (stages) => runWithSecondAttempt(stages, say);
      const unsteady = options.only === undefined ? await runChecks(attempts) : [];
      for (const file of [...unsteady, ...(await runLanes(lanes, attempts))]) {
        say(`landfall: UNSTEADY: ${file} failed beside others and passed alone; how it failed is above`);
      }
    });
}

/** `npm run check`, part by part. */
async function runChecks(attempts: Attempts): Promise<readonly string[]> {
  const stageFor = (part: string): Stage => {
    const argv = ['npm', 'run', '--silent', `check:${part}`] as const;
    return { what: `npm run check:${part}`, argv, repository: REPOSITORY };
  };
  await runStage(stageFor('types'));
  await runStage(stageFor('lint'));
  return await attempts([stageFor('unit')]);
}

/** What failed in one of several is told again when all is over. */
async function runLanes(lanes: readonly Lane[], attempts: Attempts): Promise<readonly string[]> {
  const [first] = lanes;
  if (first !== undefined && lanes.length === 1) return await attempts([stageOf(first)]);
  const parts = lanes.map(() => new FailingPart(LINES_TOLD_AGAIN));
  try {
    return await attempts(lanes.map((lane, at) => stageOf(lane, parts[at])));
  } finally {
    for (const [at, part] of parts.entries()) {
      for (const line of part.lines()) say(`${prefixOf(lanes[at])}${line}`);
    }
  }
}

/** `failing`: of a lane that runs beside others. */
function stageOf(lane: Lane, failing?: FailingPart): Stage {
  const runner = ['--disable-warning=ExperimentalWarning', '--test', '--test-concurrency=1'];
  return {
    what: failing === undefined ? 'the end-to-end stories' : `the end-to-end stories (${lane.name})`,
    argv: [process.execPath, ...runner, ...SPEC_REPORTERS, ...lane.files],
    repository: REPOSITORY,
    ...(failing === undefined ? {} : { prefix: prefixOf(lane), onLine: (line) => failing.take(line) }),
  };
}

async function once(stages: readonly Stage[]): Promise<readonly string[]> {
  const outcomes = await Promise.allSettled(stages.map(runStage));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  return [];
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function prefixOf(lane: Lane | undefined): string {
  return `${(lane?.name ?? '').padEnd(11)} │ `;
}
