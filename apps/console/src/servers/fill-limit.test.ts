import assert from 'node:assert/strict';
import test from 'node:test';
import { limitText, parseLimit } from './fill-limit.ts';

test('a limit is written as it is read', () => {
  for (const text of ['50', '0.5', '1024', '']) assert.equal(limitText(parseLimit(text)), text);
  assert.equal(parseLimit('50'), 50 * 1024 * 1024);
  assert.equal(parseLimit('0,5'), 512 * 1024);
  assert.equal(limitText(undefined), '');
});

test('nothing, and nothing a second, is no limit', () => {
  assert.equal(parseLimit(' '), 0);
  assert.equal(parseLimit('0'), 0);
});

test('what the service would refuse is no limit either', () => {
  for (const text of ['0.01', '-5', 'fast', '50MiB', '1e9', '99999999']) {
    assert.equal(parseLimit(text), undefined, text);
  }
});
