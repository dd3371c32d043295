import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EarlyFlush } from './early-flush.ts';

/** A flush that ends when it is told to. */
function manualFlush() {
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const flush = () => new Promise<void>((resolve, reject) => ends.push({ resolve, reject }));
  return { ends, flush };
}

test('it flushes whenever so many bytes were written, one flush at a time', async () => {
  const { ends, flush } = manualFlush();
  const early = new EarlyFlush(flush, 100);
  early.wrote(99);
  assert.equal(ends.length, 0);
  early.wrote(1);
  early.wrote(100);
  assert.equal(ends.length, 1);
  ends[0]?.resolve();
  await early.settle();
  early.wrote(1);
  assert.equal(ends.length, 2, 'what was written meanwhile counts');
  ends[1]?.resolve();
});

test('a failed flush is told to everybody until it is forgotten', async () => {
  const { ends, flush } = manualFlush();
  const early = new EarlyFlush(flush, 1);
  early.wrote(1);
  ends[0]?.reject(new Error('no space'));
  await assert.rejects(early.settle(), /no space/);
  assert.throws(() => early.wrote(1), /no space/);
  await assert.rejects(early.flush(), /no space/);
  await early.forget();
  await early.settle();
  early.wrote(1);
  assert.equal(ends.length, 2);
  ends[1]?.resolve();
});

test('a flush that somebody waits for begins when the one under way has ended, and no other beside it', async () => {
  const { ends, flush } = manualFlush();
  const early = new EarlyFlush(flush, 10);
  early.wrote(10);
  const durable = early.flush();
  await new Promise(setImmediate);
  assert.equal(ends.length, 1);
  ends[0]?.resolve();
  await new Promise(setImmediate);
  assert.equal(ends.length, 2);
  early.wrote(10);
  assert.equal(ends.length, 2);
  ends[1]?.resolve();
  await durable;
  early.wrote(1);
  assert.equal(ends.length, 3, 'what was written meanwhile counts');
  ends[2]?.resolve();
});

test('of several who wait for the same flush one begins the next, and the others wait for that', async () => {
  const { ends, flush } = manualFlush();
  const early = new EarlyFlush(flush, 10);
  early.wrote(10);
  const waiting = [early.flush(), early.flush(), early.settle(), early.flush()];
  for (let flushes = 1; flushes <= 4; flushes += 1) {
    await new Promise(setImmediate);
    assert.equal(ends.length, flushes, 'one at a time');
    ends.at(-1)?.resolve();
  }
  await Promise.all(waiting);
  assert.equal(ends.length, 4);
});

test('only a few files are flushed early at a time; who waits for a flush is served', async () => {
  const { ends, flush } = manualFlush();
  const files = Array.from({ length: 5 }, () => new EarlyFlush(flush, 10));
  for (const file of files) file.wrote(10);
  assert.equal(ends.length, 3);
  const durable = files[4]?.flush();
  await new Promise(setImmediate);
  assert.equal(ends.length, 4);
  for (const end of ends.splice(0)) end.resolve();
  await durable;
  await new Promise(setImmediate);
  files[3]?.wrote(1);
  assert.equal(ends.length, 1, 'it had waited for its turn');
  ends[0]?.resolve();
});
