import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemRandom } from '@landfall/runtime';
import { newCounts, runRetentionHistory } from './retention-history.testing.ts';

const HISTORIES = Number(process.env.LANDFALL_RETENTION_HISTORIES ?? 100);
const SEED_FROM = Number(process.env.LANDFALL_RETENTION_SEED ?? systemRandom.integer(1_000_000_000));

test(`${HISTORIES} random histories, from seed ${SEED_FROM}, keep every listed point`, async (t) => {
  const counts = newCounts();
  for (let seed = SEED_FROM; seed < SEED_FROM + HISTORIES; seed += 1) {
    await runRetentionHistory(seed, counts).catch((cause: unknown) => {
      throw new Error(`history of seed ${seed}`, { cause });
    });
  }
  const { epochs, droppedPoints, replacedSegments, advancedBases, crashes, readPoints, measured, limited } =
    counts;
  t.diagnostic(`${epochs} epochs, ${readPoints} points read, ${droppedPoints} points dropped`);
  t.diagnostic(`${replacedSegments} times segments were replaced, ${advancedBases} times a base advanced`);
  t.diagnostic(`${measured} times space was measured, ${limited} times a limit was reached`);
  t.diagnostic(`${crashes} crashes`);
  assert.ok(droppedPoints > HISTORIES / 2 && crashes > HISTORIES / 8, 'what is tested happened');
  assert.ok(measured > HISTORIES / 10 && limited > HISTORIES / 200, 'space was measured, and limited');
  assert.ok(replacedSegments + advancedBases > HISTORIES / 50, 'what nobody sees was removed');
});
