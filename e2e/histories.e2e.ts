/**
 * The model of the change tracker, a hundred thousand histories of writes: every cut is what a power failure
 * may leave. The unit run has a short sample of the same.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { runHistories } from './model-histories.ts';

const MODEL = join(import.meta.dirname, '../packages/capture/src/tracker/change-tracker.model.test.ts');
const HISTORIES = Number(process.env.LANDFALL_CAPTURE_HISTORIES ?? 100_000);
const SEED_FROM = Number(process.env.LANDFALL_CAPTURE_SEED ?? 1_000_000);

test(`${HISTORIES} histories, from seed ${SEED_FROM}: every cut is true`, async (context) => {
  const shares = await runHistories({ model: MODEL, name: 'CAPTURE', count: HISTORIES, seedFrom: SEED_FROM });
  for (const { count, seeds, stdout, durationMs } of shares) {
    const cuts = /# (\d+) cuts, (\d+) of them between writes/.exec(stdout);
    assert.ok(Number(cuts?.[2]) > count / 2, `cuts happen while the disks are written: ${stdout}`);
    context.diagnostic(`${seeds}: ${cuts?.[1]} cuts, ${cuts?.[2]} of them between writes, ${durationMs} ms`);
  }
});
