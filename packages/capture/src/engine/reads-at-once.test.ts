import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readsAtOnce } from './reads-at-once.ts';

test('few reads are gentle, many catch up, and the reader has the last word', () => {
  assert.equal(readsAtOnce(1, 64), 8);
  assert.equal(readsAtOnce(500, 64), 32);
  assert.equal(readsAtOnce(10_000, 64), 64);
  assert.equal(readsAtOnce(10_000, 16), 16);
  assert.equal(readsAtOnce(1, 2), 2);
});
