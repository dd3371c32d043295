/**
 * The model of the change tracker, a hundred thousand histories of writes: every cut is what a power failure
 * may leave. The unit run has a short sample of the same.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { run } from '../packages/runtime/src/index.ts';

const MODEL = join(import.meta.dirname, '../packages/capture/src/change-tracker.model.test.ts');
const HISTORIES = Number(process.env.LANDFALL_CAPTURE_HISTORIES ?? 100_000);
const SEED_FROM = Number(process.env.LANDFALL_CAPTURE_SEED ?? 1_000_000);
const PROCESSES = 2;
const LIMIT_MS = 60 * 60_000;

test(`${HISTORIES} histories, from seed ${SEED_FROM}: every cut is true`, async (context) => {
  const count = Math.ceil(HISTORIES / PROCESSES);
  const share = async (index: number) => {
    const env = {
      LANDFALL_CAPTURE_HISTORIES: String(count),
      LANDFALL_CAPTURE_SEED: String(SEED_FROM + index * count),
      NODE_TEST_CONTEXT: undefined, // It is a program of its own, not a file of this test run.
    };
    return run([process.execPath, '--test-reporter=tap', MODEL], { env, timeoutMs: LIMIT_MS });
  };
  const results = await Promise.all(Array.from({ length: PROCESSES }, (_, index) => share(index)));
  for (const [index, { exitCode, stdout, stderr, durationMs }] of results.entries()) {
    assert.equal(exitCode, 0, `${stdout}\n${stderr}`);
    const cuts = /# (\d+) cuts, (\d+) of them between writes/.exec(stdout);
    assert.ok(Number(cuts?.[2]) > count / 2, `cuts happen while the disks are written: ${stdout}`);
    const from = SEED_FROM + index * count;
    const seeds = `seeds ${from}..${from + count - 1}`;
    context.diagnostic(`${seeds}: ${cuts?.[1]} cuts, ${cuts?.[2]} of them between writes, ${durationMs} ms`);
  }
});
