import assert from 'node:assert/strict';
import test from 'node:test';
import { run } from '@landfall/runtime';
import { nodeArguments } from './node-arguments.ts';

/** Makes what lives for a moment, as requests do, and tells how large the young generation became, in MiB. */
const CHURN = `
  const { getHeapSpaceStatistics } = require('node:v8');
  const alive = [];
  let most = 0;
  for (let round = 0; round < 200; round += 1) {
    alive.push(Array.from({ length: 20_000 }, (_, index) => ({ round, index })));
    if (alive.length > 20) alive.shift();
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    most = Math.max(most, young.space_size / 2 ** 20);
  }
  console.log(most);
`;

async function youngMib(parameters: readonly string[]): Promise<number> {
  const { stdout } = await run([process.execPath, ...parameters, '-e', CHURN]);
  return Number(stdout);
}

test('the young generation of the control plane keeps to its limit, which it would pass', async () => {
  assert.ok((await youngMib(nodeArguments('control-plane'))) <= 32);
  assert.ok((await youngMib(['--max-semi-space-size=64'])) > 32, 'it is the limit that does it');
});
