/**
 * The model of the journal, fifty thousand histories of writing, thinning, compaction, an advancing base,
 * names, locks, views and crashes: every listed point reads exactly, every dropped one is refused. The unit
 * run has a short sample of the same.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { runHistories } from './model-histories.ts';

const MODEL = join(import.meta.dirname, '../packages/journal/src/histories/retention-history.test.ts');
const HISTORIES = Number(process.env.LANDFALL_RETENTION_HISTORIES ?? 50_000);
const SEED_FROM = Number(process.env.LANDFALL_RETENTION_SEED ?? 1_000_000);

test(`${HISTORIES} histories of journals, from seed ${SEED_FROM}: every listed point reads`, async (context) => {
  const histories = { model: MODEL, name: 'RETENTION', count: HISTORIES, seedFrom: SEED_FROM };
  for (const { seeds, stdout, durationMs } of await runHistories(histories)) {
    const facts = [...stdout.matchAll(/^# (\d+ .*)$/gm)].map(([, fact]) => fact);
    assert.ok(facts.length >= 2, `what happened is counted: ${stdout}`);
    context.diagnostic(`${seeds}: ${facts.join('; ')}; ${durationMs} ms`);
  }
});
