/**
 * The model of the journal, fifty thousand histories of writing, thinning, compaction, an advancing base,
 * names, locks, views and crashes: every listed point reads exactly, every dropped one is refused. The unit
 * run has a short sample of the same.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { run } from '../packages/runtime/src/index.ts';

const MODEL = join(import.meta.dirname, '../packages/journal/src/retention-history.test.ts');
const HISTORIES = Number(process.env.LANDFALL_RETENTION_HISTORIES ?? 50_000);
const SEED_FROM = Number(process.env.LANDFALL_RETENTION_SEED ?? 1_000_000);
const PROCESSES = 2;
const LIMIT_MS = 60 * 60_000;

test(`${HISTORIES} histories of journals, from seed ${SEED_FROM}: every listed point reads`, async (context) => {
  const count = Math.ceil(HISTORIES / PROCESSES);
  const share = async (index: number) => {
    const env = {
      LANDFALL_RETENTION_HISTORIES: String(count),
      LANDFALL_RETENTION_SEED: String(SEED_FROM + index * count),
      NODE_TEST_CONTEXT: undefined, // It is a program of its own, not a file of this test run.
    };
    return run([process.execPath, '--test-reporter=tap', MODEL], { env, timeoutMs: LIMIT_MS });
  };
  const results = await Promise.all(Array.from({ length: PROCESSES }, (_, index) => share(index)));
  for (const [index, { exitCode, stdout, stderr, durationMs }] of results.entries()) {
    assert.equal(exitCode, 0, `${stdout}\n${stderr}`);
    const facts = [...stdout.matchAll(/^# (\d+ .*)$/gm)].map(([, fact]) => fact);
    assert.ok(facts.length >= 2, `what happened is counted: ${stdout}`);
    const from = SEED_FROM + index * count;
    context.diagnostic(`seeds ${from}..${from + count - 1}: ${facts.join('; ')}; ${durationMs} ms`);
  }
});
