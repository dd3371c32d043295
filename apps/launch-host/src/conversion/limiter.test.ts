import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLimiter } from './limiter.ts';

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: () => resolve() };
}

test('no more than the maximum run at once, and the others follow in order', async () => {
  const limiter = createLimiter(2);
  const gates = [gate(), gate(), gate(), gate()];
  const begun: number[] = [];
  const { signal } = new AbortController();
  const all = gates.map((each, index) =>
    limiter.run(signal, async () => {
      begun.push(index);
      await each.opened;
      return index;
    }),
  );
  await new Promise(setImmediate);
  assert.deepEqual(begun, [0, 1]);
  gates[1]?.open();
  await all[1];
  await new Promise(setImmediate);
  assert.deepEqual(begun, [0, 1, 2]);
  for (const each of gates) each.open();
  assert.deepEqual(await Promise.all(all), [0, 1, 2, 3]);
});

test('one that waits can give up, and the others are not held up by it', async () => {
  const limiter = createLimiter(1);
  const first = gate();
  const { signal } = new AbortController();
  const running = limiter.run(signal, () => first.opened);
  const impatient = new AbortController();
  const abandoned = limiter.run(impatient.signal, async () => assert.fail('it gave up'));
  const last = limiter.run(signal, async () => 'last');
  impatient.abort(new Error('enough'));
  await assert.rejects(abandoned, /enough/);
  first.open();
  await running;
  assert.equal(await last, 'last');
});

test('a failing action frees its place', async () => {
  const limiter = createLimiter(1);
  const { signal } = new AbortController();
  await assert.rejects(
    limiter.run(signal, () => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal(await limiter.run(signal, async () => 1), 1);
});
