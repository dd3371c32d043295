import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ContentCache } from './content-cache.ts';

function countedCache(bytesMax: number) {
  const cache = new ContentCache(bytesMax);
  const loads: string[] = [];
  const get = (key: string) =>
    cache.get(key, async () => {
      loads.push(key);
      return Buffer.alloc(10, key);
    });
  return { get, loads, cache };
}

test('content is loaded once, also for readers that come at the same time', async () => {
  const { get, loads } = countedCache(100);
  await Promise.all([get('a'), get('a')]);
  assert.deepEqual(await get('a'), Buffer.alloc(10, 'a'));
  assert.deepEqual(loads, ['a']);
});

test('the least recently used content goes first', async () => {
  const { get, loads } = countedCache(25);
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await get(key);
  assert.deepEqual(loads, ['a', 'b', 'c', 'b']);
});

test('a failed load is not kept', async () => {
  const { get, cache } = countedCache(100);
  await assert.rejects(cache.get('a', () => Promise.reject(new Error('damaged'))));
  assert.deepEqual(await get('a'), Buffer.alloc(10, 'a'));
});
