import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import type { Stage } from './run-stage.ts';
import {
  runOnlyOnce,
  runWithSecondAttempt,
  SECOND_ATTEMPTS_MAX,
  SPEC_REPORTERS,
  whyNotAgain,
} from './second-attempt.ts';

const REPOSITORY = join(import.meta.dirname, '../../../..');
const PASSES = `import { test } from 'node:test'; test('passes', () => 0);`;
const FAILS = `import { test } from 'node:test'; test('fails', () => { throw new Error('always'); });`;
const FAILS_ONCE = `import { test } from 'node:test'; import { existsSync, writeFileSync } from 'node:fs';
  const marker = import.meta.filename + '.ran';
  test('once', () => { if (!existsSync(marker)) { writeFileSync(marker, ''); throw new Error('once'); } });`;
/** Ends the test runner itself, which tells of nothing then. */
const ENDS_ALL = `process.kill(process.ppid, 'SIGKILL');`;

// Else a test runner started here would take itself for a test of this one, and run nothing.
before(() => delete process.env.NODE_TEST_CONTEXT);

/** A stage that runs these files, and their folder, relative to the repository. */
async function stageOf(t: TestContext, sources: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-attempts-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const paths = Object.keys(sources).map((name) => join(folder, name));
  for (const [name, source] of Object.entries(sources)) await writeFile(join(folder, name), source);
  const argv = [process.execPath, '--test', ...SPEC_REPORTERS, ...paths] as const;
  const stage: Stage = { what: 'they', argv, repository: REPOSITORY, prefix: '' };
  return { stage, folder: relative(REPOSITORY, folder) };
}

function attempts(...stages: readonly Stage[]) {
  const said: string[] = [];
  return runWithSecondAttempt(
    stages.map((stage) => [stage]),
    (line) => said.push(line),
  ).then((unsteady) => ({ unsteady, said }));
}

test('where all pass nothing is run again', async (t) => {
  const { stage } = await stageOf(t, { 'a.test.mjs': PASSES });
  assert.deepEqual(await attempts(stage), { unsteady: [], said: [] });
});

test('one that passes alone is told as unsteady', async (t) => {
  const one = await stageOf(t, { 'a.test.mjs': PASSES, 'b.test.mjs': FAILS_ONCE });
  const other = await stageOf(t, { 'c.test.mjs': PASSES });
  const file = join(one.folder, 'b.test.mjs');
  const said = [`landfall: ${file} failed; it is run once more, alone`];
  assert.deepEqual(await attempts(one.stage, other.stage), { unsteady: [file], said });
});

test('one that fails again is a failure', async (t) => {
  const { stage } = await stageOf(t, { 'a.test.mjs': FAILS, 'b.test.mjs': FAILS_ONCE });
  await assert.rejects(attempts(stage), {
    code: 'TESTS_FAILED',
    message: /a\.test\.mjs, also alone, failed/,
  });
});

test('tests of a shared suite count for the file that was run, not for the one they stand in', async (t) => {
  const suite = `import { test } from 'node:test';
    export const suite = () => test('in the suite', () => { throw new Error('always'); });`;
  const user = `import { suite } from './suite.mjs'; suite();`;
  const { stage, folder } = await stageOf(t, { 'a.test.mjs': user });
  await writeFile(join(REPOSITORY, folder, 'suite.mjs'), suite);
  await assert.rejects(attempts(stage), {
    code: 'TESTS_FAILED',
    message: /a\.test\.mjs, also alone, failed/,
  });
});

test('a run that ended without a failed test is a failure, whatever passes in another', async (t) => {
  const ended = await stageOf(t, { 'a.test.mjs': ENDS_ALL });
  const other = await stageOf(t, { 'b.test.mjs': FAILS_ONCE });
  await assert.rejects(attempts(ended.stage, other.stage), {
    code: 'TESTS_FAILED',
    message: /^they failed/,
    hint: /there is no second attempt: a run failed without a test that did/,
  });
});

test('a sequence goes on after a failure, and all failures of all are run again', async (t) => {
  const one = await stageOf(t, { 'a.test.mjs': FAILS_ONCE });
  const other = await stageOf(t, { 'b.test.mjs': FAILS_ONCE });
  const said: string[] = [];
  const unsteady = await runWithSecondAttempt([[one.stage, other.stage]], (line) => said.push(line));
  assert.deepEqual(unsteady, [join(one.folder, 'a.test.mjs'), join(other.folder, 'b.test.mjs')]);
  assert.equal(said.length, 2);
});

test('where a failure is one the sequence still runs to its end', async (t) => {
  const one = await stageOf(t, { 'a.test.mjs': FAILS_ONCE });
  const other = await stageOf(t, { 'b.test.mjs': FAILS_ONCE });
  await assert.rejects(runOnlyOnce([[one.stage, other.stage]]), { code: 'TESTS_FAILED' });
  await runOnlyOnce([[one.stage, other.stage]]);
});

test('many failures are not chance, and one about data is the truth', () => {
  const files = Array.from({ length: SECOND_ATTEMPTS_MAX + 1 }, (_, at) => `e2e/${at}.e2e.ts`);
  assert.match(whyNotAgain(files) ?? '', /^4 files failed/);
  assert.equal(whyNotAgain(files.slice(1)), undefined);
  assert.match(whyNotAgain(['e2e/machine-host.conformance.ts']) ?? '', /is no file of tests$/);
  for (const file of [
    'tidy.test.ts',
    'packages/capture/src/tracker/change-tracker.model.test.ts',
    'packages/wire/src/frame.fuzz.test.ts',
    'packages/journal/src/storage/early-flush.test.ts',
    'packages/simulation/src/seeds.test.ts',
    'packages/replication/src/testing/simulation.test.ts',
    'e2e/agent-restarts.e2e.ts',
    'e2e/histories.e2e.ts',
    'e2e/journal-histories.e2e.ts',
    'e2e/crash-test.e2e.ts',
    'e2e/crash-proofs.e2e.ts',
    'e2e/simulation.e2e.ts',
  ]) {
    assert.match(whyNotAgain(['e2e/journey.e2e.ts', file]) ?? '', new RegExp(`a failure of ${file} is no`));
  }
});
