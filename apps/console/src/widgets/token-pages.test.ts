import assert from 'node:assert/strict';
import test from 'node:test';
import { tokensTo } from './token-pages.ts';

test('forward goes by the token, back over what was seen, and never past the end', () => {
  const second = tokensTo([], 2, 'to-2');
  const third = tokensTo(second, 3, 'to-3');
  assert.deepEqual(third, ['to-2', 'to-3']);
  assert.deepEqual(tokensTo(third, 4, undefined), third);
  assert.deepEqual(tokensTo(third, 2, 'to-4'), ['to-2']);
  assert.deepEqual(tokensTo(third, 1, 'to-4'), []);
  assert.deepEqual(tokensTo(third, 9, 'to-4'), ['to-2', 'to-3', 'to-4']);
});
