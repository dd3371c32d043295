import assert from 'node:assert/strict';
import test from 'node:test';
import { limitText, parseLimit } from './journal-limit.ts';

const GIB = 1024 ** 3;

test('a limit is read in GiB, and empty is none', () => {
  assert.deepEqual(parseLimit(' 200 '), { kind: 'LIMIT', limitBytes: 200 * GIB });
  assert.deepEqual(parseLimit('1.5'), { kind: 'LIMIT', limitBytes: 1.5 * GIB });
  assert.deepEqual(parseLimit(''), { kind: 'NO_LIMIT' });
  for (const text of ['0', '-1', 'all', '1e9', '1.2345', '0.0001'])
    assert.deepEqual(parseLimit(text), { kind: 'WRONG' }, text);
});

test('a limit is written as it is read', () => {
  for (const text of ['200', '1.5', '0.25']) {
    const parsed = parseLimit(text);
    assert.ok(parsed.kind === 'LIMIT');
    assert.equal(limitText(parsed.limitBytes), text);
  }
  assert.equal(limitText(undefined), '');
});
