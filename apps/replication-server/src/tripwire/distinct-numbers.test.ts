import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@landfall/runtime';
import { distinctNumbers } from './distinct-numbers.ts';

test('as many different numbers as are wanted, of however many', () => {
  const random = seededRandom(1);
  for (const [count, max] of [
    [0, 48],
    [5, 48],
    [48, 48],
    [49, 48],
    [2 ** 40, 48],
  ] as const) {
    const chosen = distinctNumbers(count, max, random);
    assert.equal(new Set(chosen).size, Math.min(count, max), `${max} of ${count}`);
    assert.ok(chosen.every((number) => number >= 0 && number < count));
    assert.deepEqual(
      chosen,
      chosen.toSorted((left, right) => left - right),
    );
  }
});

test('each number is chosen equally often', () => {
  const random = seededRandom(2);
  const times = new Array<number>(10).fill(0);
  for (let round = 0; round < 10_000; round += 1) {
    for (const number of distinctNumbers(10, 3, random)) times[number] = (times[number] ?? 0) + 1;
  }
  assert.ok(
    times.every((count) => Math.abs(count - 3000) < 300),
    times.join(' '),
  );
});
