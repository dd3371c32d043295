import assert from 'node:assert/strict';
import test from 'node:test';
import { inChunks } from './in-chunks.ts';

test('many ids go in requests that the service takes, in order, until one fails', async () => {
  const ids = Array.from({ length: 120 }, (_, index) => `s-${index}`);
  const asked: (readonly string[])[] = [];
  await inChunks(ids, async (chunk) => asked.push(chunk));
  assert.deepEqual(
    asked.map((chunk) => chunk.length),
    [50, 50, 20],
  );
  assert.deepEqual(asked.flat(), ids);
  let calls = 0;
  const refuse = async () => {
    calls += 1;
    if (calls === 2) throw new Error('busy');
  };
  await assert.rejects(inChunks(ids, refuse), /busy/);
  assert.equal(calls, 2);
});
