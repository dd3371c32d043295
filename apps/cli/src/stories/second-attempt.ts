/**
 * Tests on real devices, sockets and guests can fail because the machine was busy. Of a run in which few
 * files failed those are run once more, each alone, when everything else is over. A file that passes then is
 * told at the end as unsteady, and its failure stays in the log: it is a defect of the test or of the
 * program, but not one that keeps everything else from being used. What searches for violations gets no
 * second chance: there one failure is the truth, however many attempts pass.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { OperationError, readIfExists } from '@landfall/runtime';
import { FAILED_FILES } from './failed-files.ts';
import { runStage, type Stage } from './run-stage.ts';

/** More than these are not chance. */
export const SECOND_ATTEMPTS_MAX = 3;
/** Models, fuzzing, simulation, crashes, histories, the journal: a failure is a violation, with its seed. */
const SEARCHES = [
  /^tidy\.test\.ts$/,
  /\.(model|fuzz)\.test\.ts$/,
  /^packages\/(journal|simulation)\//,
  /(^|\/)simulation\.test\.ts$/,
  /^e2e\/((journal-)?histories|simulation|agent-restarts|crash-[a-z]+)\.e2e\.ts$/,
];
/** Anything else, run alone, runs no test and passes. */
const RUNS_TESTS = /\.(test|e2e)\.m?[jt]s$/;

const REPORTER = [
  '--test-reporter=./apps/cli/src/stories/failed-files.ts',
  '--test-reporter-destination=stdout',
];
/** Of Node's test runner: for people, and for this module. */
export const SPEC_REPORTERS = ['--test-reporter=spec', '--test-reporter-destination=stdout', ...REPORTER];

/** Of files with tests that failed, relative to the repository. `undefined`: they may be run again. */
export function whyNotAgain(files: readonly string[]): string | undefined {
  if (files.length > SECOND_ATTEMPTS_MAX) return `${files.length} files failed, which is not chance`;
  const other = files.find((file) => !RUNS_TESTS.test(file));
  if (other !== undefined) return `${other} is no file of tests`;
  const grave = files.find((file) => SEARCHES.some((pattern) => pattern.test(file)));
  return grave === undefined ? undefined : `a failure of ${grave} is no matter of time`;
}

/** Stages that run one after the other, whatever fails; taken when the one before it is over. */
export type Sequence = Iterable<Stage>;

/**
 * Runs all sequences to their end, at once; then, alone, the files of those that failed. Resolves to the
 * files that passed only then. Errors: TESTS_FAILED, of the first stage that failed.
 */
export async function runWithSecondAttempt(
  sequences: readonly Sequence[],
  say: (line: string) => void,
): Promise<readonly string[]> {
  const failures = (await Promise.all(sequences.map(runInTurn))).flat();
  const [first] = failures;
  if (first === undefined) return [];
  const files = [...new Set(failures.flatMap((failure) => failure.files))];
  const unknown = failures.find((failure) => failure.files.length === 0);
  const refusal = unknown === undefined ? whyNotAgain(files) : 'a run failed without a test that did';
  if (refusal !== undefined) throw withoutSecond(first.reason, refusal);
  for (const file of files) await runAlone(file, first.repository, say);
  return files;
}

/** Runs all sequences to their end, at once. Errors: TESTS_FAILED, of the first stage that failed. */
export async function runOnlyOnce(sequences: readonly Sequence[]): Promise<void> {
  const [first] = (await Promise.all(sequences.map(runInTurn))).flat();
  if (first !== undefined) throw first.reason;
}

interface Failure {
  readonly reason: unknown;
  /** Whose tests failed, relative to the repository. */
  readonly files: readonly string[];
  readonly repository: string;
}

async function runInTurn(sequence: Sequence): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  for (const stage of sequence) {
    const failure = await runOnce(stage);
    if (failure !== undefined) failures.push(failure);
  }
  return failures;
}

/** `undefined`: it passed. */
async function runOnce(stage: Stage): Promise<Failure | undefined> {
  const { repository } = stage;
  const folder = await mkdtemp(join(tmpdir(), 'landfall-test-'));
  const list = join(folder, 'failed-files');
  try {
    await runStage({ ...stage, env: { [FAILED_FILES]: list } });
    return undefined;
  } catch (reason) {
    const lines = ((await readIfExists(list)) ?? '').split('\n').filter((line) => line !== '');
    return { reason, files: lines.map((line) => relative(repository, line)), repository };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runAlone(file: string, repository: string, say: (line: string) => void): Promise<void> {
  say(`landfall: ${file} failed; it is run once more, alone`);
  const runner = ['--disable-warning=ExperimentalWarning', '--test', '--test-reporter=spec'];
  await runStage({ what: `${file}, also alone,`, argv: [process.execPath, ...runner, file], repository });
}

function withoutSecond(failure: unknown, refusal: string): unknown {
  if (!(failure instanceof OperationError)) return failure;
  const hint = `${failure.hint}; there is no second attempt: ${refusal}`;
  return new OperationError(failure.code, failure.message, { hint, cause: failure });
}
