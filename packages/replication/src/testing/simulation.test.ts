import { test } from 'node:test';
import { Simulation } from './simulation.testing.ts';

const SEEDS = Number(process.env.LANDFALL_REPLICATION_SEEDS ?? 80);
const SEED_FROM = Number(process.env.LANDFALL_REPLICATION_SEED_FROM ?? 1);
const STEPS = 40;

test('whatever is cut, crashes, fills up or goes blind, every epoch is a true cut', async (context) => {
  const totals = { epochs: 0, faults: 0, comparisons: 0, recoveryPoints: 0, leftOut: 0, proofs: 0 };
  for (let seed = SEED_FROM; seed < SEED_FROM + SEEDS; seed += 1) {
    try {
      const simulation = new Simulation(seed);
      await simulation.run(STEPS);
      totals.epochs += simulation.counts.epochs;
      totals.faults += simulation.counts.faults;
      totals.comparisons += simulation.counts.comparisons;
      totals.recoveryPoints += simulation.counts.recoveryPoints;
      totals.proofs += simulation.counts.proofs;
      totals.leftOut += simulation.counts.leftOut;
    } catch (error) {
      throw new Error(
        `seed ${seed}: replay with LANDFALL_REPLICATION_SEED_FROM=${seed} LANDFALL_REPLICATION_SEEDS=1`,
        {
          cause: error,
        },
      );
    }
  }
  context.diagnostic(`seeds ${SEED_FROM}..${SEED_FROM + SEEDS - 1}: ${JSON.stringify(totals)}`);
});
