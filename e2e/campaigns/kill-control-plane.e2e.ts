import assert from 'node:assert/strict';
import test from 'node:test';
import { assertProved, runDemo } from '../run-demo.ts';

test('kill -9 of the control-plane during sync, replication and launch ends in the same proof', async () => {
  const result = await runDemo(['--kill', 'control-plane']);
  assertProved(result);
  assert.deepEqual(result.struck, ['first-sync', 'replication', 'launch']);
});
