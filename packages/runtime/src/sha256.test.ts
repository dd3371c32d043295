import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { inlineSha256, threadedSha256 } from './sha256.ts';

test('both ways of hashing answer the same, also of a part of a larger buffer', async () => {
  const bytes = Buffer.from('one two three').subarray(4, 7);
  const expected = createHash('sha256').update('two').digest();
  assert.deepEqual(await inlineSha256(bytes), expected);
  assert.deepEqual(await threadedSha256(bytes), expected);
});
