import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MUTANTS } from './mutants.ts';
import { simulate } from './simulation.ts';

const SEEDS_MAX = 300;

for (const [name, mutant] of Object.entries(MUTANTS)) {
  test(`a fault is found: ${name}`, async (context) => {
    for (let seed = 1; seed <= SEEDS_MAX; seed += 1) {
      const { violation } = await simulate({ seed, mutant });
      if (violation === undefined) continue;
      context.diagnostic(`seed ${seed}, step ${violation.step}: ${violation.explanation.split('\n')[0]}`);
      return;
    }
    assert.fail(`${SEEDS_MAX} seeds did not find it`);
  });
}
