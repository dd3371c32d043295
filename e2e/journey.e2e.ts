import assert from 'node:assert/strict';
import test from 'node:test';
import { assertProved, runDemo } from './run-demo.ts';

const DEMO_MS_MAX = 15 * 60_000;

test('a running server is migrated end to end, and nothing is lost', async () => {
  const startedNs = process.hrtime.bigint();
  const result = await runDemo([]);
  assertProved(result);
  const tookMs = Number((process.hrtime.bigint() - startedNs) / 1_000_000n);
  assert.ok(tookMs < DEMO_MS_MAX, `the demo took ${Math.round(tookMs / 1000)} s`);
});
