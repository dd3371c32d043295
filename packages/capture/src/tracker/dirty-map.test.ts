import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DirtyMap, runsOf } from './dirty-map.ts';

test('a map answers like a set of block numbers whatever is set and cleared', () => {
  const range = fc.record({ dirty: fc.boolean(), first: fc.nat(2999), length: fc.nat(700) });
  fc.assert(
    fc.property(
      fc.array(range, { maxLength: 20 }),
      fc.nat(3000),
      fc.integer({ min: 1, max: 300 }),
      (changes, from, most) => {
        const map = new DirtyMap(3000);
        const set = new Set<number>();
        for (const { dirty, first, length } of changes) {
          const count = Math.min(length, 3000 - first);
          if (dirty) map.setRange(first, count);
          else map.clearRange(first, count);
          for (let block = first; block < first + count; block += 1) {
            if (dirty) set.add(block);
            else set.delete(block);
          }
        }
        assert.equal(map.count, set.size, 'D1');
        const expected = [...set].filter((block) => block >= from).toSorted((left, right) => left - right)[0];
        assert.equal(map.firstDirty(from), expected, 'D2');
        const runs = [...runsOf(map.copy())];
        const copied = runs.flatMap(({ firstBlock, blockCount }) =>
          Array.from({ length: blockCount }, (_, index) => firstBlock + index),
        );
        assert.deepEqual(
          copied,
          [...set].toSorted((left, right) => left - right),
        );
        const apart = runs.every(({ firstBlock }) => firstBlock === 0 || !set.has(firstBlock - 1));
        assert.ok(apart, 'runs are as long as they can be');
        const run = map.firstRun(from, most);
        assert.equal(run?.firstBlock, expected);
        if (run === undefined) return;
        const end = run.firstBlock + run.blockCount;
        for (let block = run.firstBlock; block < end; block += 1) assert.ok(set.has(block));
        assert.ok(run.blockCount === most || !set.has(end));
      },
    ),
  );
});

test('the next dirty block of a large clean disk is found at once', () => {
  const map = new DirtyMap(2 ** 32 + 64);
  map.set(2 ** 32 + 9);
  assert.equal(map.firstDirty(), 2 ** 32 + 9);
  map.clear(2 ** 32 + 9);
  assert.equal(map.firstDirty(), undefined);
});
