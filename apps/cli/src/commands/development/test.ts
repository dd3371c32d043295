/**
 * `landfall test`: the README's test command. Installs what the tests need, checks, then runs the real
 * stories.
 */
import { join } from 'node:path';
import type { Command } from 'commander';
import { ensureDebianPackages, TEST_PACKAGES } from '../../setup/debian-packages.ts';
import { FailingPart } from '../../stories/failing-part.ts';
import { runStage, type Stage } from '../../stories/run-stage.ts';
import {
  runOnlyOnce,
  runWithSecondAttempt,
  type Sequence,
  SPEC_REPORTERS,
} from '../../stories/second-attempt.ts';
import { type Lane, type LaneOptions, type LanePlan, planLanes } from '../../stories/story-lanes.ts';
import { StoryTimes } from '../../stories/story-times.ts';
import { outputOf } from '../context.ts';

const REPOSITORY = join(import.meta.dirname, '../../../../..');
/** Of each lane that failed, told again at the end. */
const LINES_TOLD_AGAIN = 60;

interface TestOptions extends LaneOptions {
  readonly strict?: boolean;
}

/** Runs all to their end, at once. Resolves to files whose tests passed only when they were run again. */
type Attempts = (sequences: readonly Sequence[]) => Promise<readonly string[]>;

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
      const plan = planLanes(REPOSITORY, options);
      const isStrict = options.strict === true || options.only !== undefined;
      const attempts: Attempts = isStrict ? once : (sequences) => runWithSecondAttempt(sequences, say);
      const unsteady = options.only === undefined ? await runChecks(attempts) : [];
      for (const file of [...unsteady, ...(await runLanes(plan, attempts))]) {
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
  return await attempts([[stageFor('unit')]]);
}

/** Each story as a run of its own, with its time; what failed in one of several is told again at last. */
async function runLanes({ lanes, shared }: LanePlan, attempts: Attempts): Promise<readonly string[]> {
  const [first] = lanes;
  if (first !== undefined && lanes.length === 1) return await attempts([[stageOf(first.files)]]);
  const parts = lanes.map(() => new FailingPart(LINES_TOLD_AGAIN));
  const left = [...shared];
  const times = new StoryTimes();
  try {
    return await attempts(lanes.map((lane, at) => storiesOf(lane, left, times, parts[at])));
  } finally {
    for (const line of times.lines()) say(line);
    for (const [at, part] of parts.entries()) {
      for (const line of part.lines()) say(`${prefixOf(lanes[at])}${line}`);
    }
  }
}

/** Taken one by one as the lane gets to them: its own, then of those left for whoever is done first. */
function* storiesOf(
  lane: Lane,
  left: string[],
  times: StoryTimes,
  failing: FailingPart | undefined,
): Generator<Stage> {
  const own = [...lane.files];
  for (let file = own.shift() ?? left.shift(); file !== undefined; file = own.shift() ?? left.shift()) {
    failing?.nextRun();
    const stop = times.start(file, lane.name);
    yield { ...stageOf([file]), prefix: prefixOf(lane), onLine: (line) => failing?.take(line) };
    stop();
  }
}

function stageOf(files: readonly string[]): Stage {
  const runner = ['--disable-warning=ExperimentalWarning', '--test', '--test-concurrency=1'];
  return {
    what: files.length === 1 ? `${files[0]}` : 'the end-to-end stories',
    argv: [process.execPath, ...runner, ...SPEC_REPORTERS, ...files],
    repository: REPOSITORY,
  };
}

async function once(sequences: readonly Sequence[]): Promise<readonly string[]> {
  await runOnlyOnce(sequences);
  return [];
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function prefixOf(lane: Lane | undefined): string {
  return `${(lane?.name ?? '').padEnd(11)} │ `;
}
