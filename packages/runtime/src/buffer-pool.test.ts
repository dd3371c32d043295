import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BufferPool } from './buffer-pool.ts';

test('a buffer that was given back is used again, up to the number that is kept', () => {
  const pool = new BufferPool({ unitBytes: 100, freeMax: 1 });
  const [first, second] = [pool.take(60), pool.take(100)];
  assert.notEqual(first.bytes.buffer, second.bytes.buffer);
  first.release();
  second.release();
  const third = pool.take(10);
  assert.equal(third.bytes.buffer, first.bytes.buffer);
  assert.equal(third.bytes.length, 10);
  assert.notEqual(pool.take(100).bytes.buffer, second.bytes.buffer);
});

test('what is larger than the unit is not kept', () => {
  const pool = new BufferPool({ unitBytes: 100, freeMax: 9 });
  const large = pool.take(101);
  large.release();
  assert.notEqual(pool.take(100).bytes.buffer, large.bytes.buffer);
});

test('a buffer given back twice is a defect', () => {
  const lent = new BufferPool({ unitBytes: 100, freeMax: 9 }).take(1);
  lent.release();
  assert.throws(lent.release, /given back once/);
});

test('a loan ends when its use has settled, also when that fails', async () => {
  const pool = new BufferPool({ unitBytes: 100, freeMax: 9 });
  let seen: Buffer | undefined;
  const use = async (bytes: Buffer) => {
    seen = bytes;
    throw new Error('no');
  };
  await assert.rejects(pool.lend(10, use), /no/);
  assert.equal(pool.take(100).bytes.buffer, seen?.buffer);
});
