import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GIB, MIB, OperationError, TIB } from '@landfall/runtime';
import { byteCount } from './options.ts';

test('sizes are given as bytes or with their unit, and as nothing else', () => {
  const given = ['1048576', '500MiB', '1.5 TiB', '2GiB', '7 B', '0'].map(byteCount);
  assert.deepEqual(given, [MIB, 500 * MIB, 1.5 * TIB, 2 * GIB, 7, 0]);
  for (const text of ['', '-1', '5GB', 'GiB', '1e9', 'none', '99999999TiB']) {
    const isRefusal = (error: unknown) => error instanceof OperationError && error.code === 'OPTION_INVALID';
    assert.throws(() => byteCount(text), isRefusal, text);
  }
});
