import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from './simulation.ts';

const SEEDS = Number(process.env.LANDFALL_SIMULATION_SEEDS ?? 60);
const SEED_FROM = Number(process.env.LANDFALL_SIMULATION_SEED_FROM ?? 1);

test('whatever is cut, killed, lost, full or late, every recovery point is true', async (context) => {
  const totals = new Map<string, number>();
  for (let seed = SEED_FROM; seed < SEED_FROM + SEEDS; seed += 1) {
    const { violation, counts } = await simulate({ seed });
    const explanation = `${violation?.explanation}: replay with landfall simulate --from ${seed} --seeds 1`;
    assert.equal(violation, undefined, `seed ${seed}, step ${violation?.step}: ${explanation}`);
    for (const [what, count] of Object.entries(counts)) totals.set(what, (totals.get(what) ?? 0) + count);
  }
  context.diagnostic(`seeds ${SEED_FROM}..${SEED_FROM + SEEDS - 1}`);
  context.diagnostic(JSON.stringify(Object.fromEntries(totals)));
  for (const what of ['epoch', 'pointChecked', 'comparison', 'doubt', 'recoveryPointTaken', 'laneExtent']) {
    assert.ok((totals.get(what) ?? 0) > SEEDS / 4, `${what} happens`);
  }
  for (const what of ['DROPPED_POINTS', 'COPIED', 'ADVANCED']) {
    assert.ok((totals.get(`maintained:${what}`) ?? 0) > SEEDS / 30, `maintenance: ${what} happens`);
  }
});

test('the same seed runs the same way, event by event', async () => {
  for (const seed of [3, 40, 77]) {
    const first = await simulate({ seed });
    const again = await simulate({ seed });
    assert.equal(again.logHash, first.logHash);
    assert.deepEqual(again.counts, first.counts);
  }
  const [one, other] = [await simulate({ seed: 3 }), await simulate({ seed: 4 })];
  assert.notEqual(one.logHash, other.logHash);
});
