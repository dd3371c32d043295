/** Hundreds of kills: LANDFALL_RESTARTS=300 node --test e2e/agent-restarts.e2e.ts */
import assert from 'node:assert/strict';
import test from 'node:test';
import { whyNoLoopDevices } from '../packages/capture/src/disks/linux-loop.testing.ts';
import { seededRandom } from '../packages/runtime/src/index.ts';
import { AgentRestarts } from './restart/agent-restarts.ts';

const ROUNDS = Number(process.env.LANDFALL_RESTARTS ?? 12);
const SEED = Number(process.env.LANDFALL_RESTARTS_SEED ?? 1);

const title = `an agent killed ${ROUNDS} times under writes comes back without a comparison, and right`;
test(title, { skip: whyNoLoopDevices() }, async (context) => {
  const restarts = await AgentRestarts.begin(seededRandom(SEED));
  context.after(() => restarts.end());
  const { counts } = restarts;
  while (counts.rounds < ROUNDS) {
    await restarts.round();
    const { rounds, resumed, equal, hashedChunks } = counts;
    process.stderr.write(`round ${rounds}: ${resumed} resumed, ${equal} equal, ${hashedChunks} hashed\n`);
  }
  const middle = (values: number[]) => values.toSorted((left, right) => left - right)[values.length >> 1];
  context.diagnostic(
    JSON.stringify({
      seed: SEED,
      ...counts,
      compared: Object.fromEntries(counts.compared),
      firstPointMs: { median: middle(counts.firstPointMs), most: Math.max(...counts.firstPointMs) },
      changedBytes: { median: middle(counts.changedBytes), most: Math.max(...counts.changedBytes) },
    }),
  );
  assert.ok(counts.resumed > 0 && counts.equal > 0);
});
