/**
 * Runs seeds, one after the other, and writes a line of JSON for each: what `landfall simulate` starts, once
 * for every job. A job takes every n-th seed.
 */
import { parseArgs } from 'node:util';
import { STEPS_DEFAULT, simulate } from './simulation.ts';

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '1' },
    to: { type: 'string', default: '1' },
    stride: { type: 'string', default: '1' },
    steps: { type: 'string', default: String(STEPS_DEFAULT) },
  },
});

const [from, to, stride, steps] = [values.from, values.to, values.stride, values.steps].map(Number);
for (let seed = from ?? 1; seed <= (to ?? 1); seed += stride ?? 1) {
  const result = await simulate({ seed, steps: steps ?? STEPS_DEFAULT });
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
// What the ended programs of a simulation still wait for never comes.
process.exit(0);
