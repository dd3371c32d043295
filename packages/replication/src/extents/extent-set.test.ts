import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ExtentSet } from './extent-set.ts';

const extents = fc.array(
  fc.record({ offsetBytes: fc.nat({ max: 200 }), lengthBytes: fc.integer({ min: 1, max: 20 }) }),
  { maxLength: 60 },
);

test('a set holds exactly the bytes that were added, as separate ascending ranges', () => {
  fc.assert(
    fc.property(extents, (added) => {
      const set = new ExtentSet();
      const bytes = new Set<number>();
      for (const extent of added) {
        set.add(extent);
        for (let at = 0; at < extent.lengthBytes; at += 1) bytes.add(extent.offsetBytes + at);
      }
      const ranges = [...set.extents()];
      let before = -1;
      let count = 0;
      for (const { offsetBytes, lengthBytes } of ranges) {
        assert.ok(offsetBytes > before, 'ranges that touch are one');
        before = offsetBytes + lengthBytes;
        count += lengthBytes;
        for (let at = offsetBytes; at < before; at += 1) assert.ok(bytes.has(at));
      }
      assert.equal(count, bytes.size);
      assert.equal(set.isEmpty, added.length === 0);
    }),
  );
});

test('a set that would grow past its bound covers more rather than remembering less', () => {
  const set = new ExtentSet(100);
  for (let index = 0; index < 10_000; index += 1) {
    set.add({ offsetBytes: index * 1_000_000, lengthBytes: 4096 });
  }
  const ranges = [...set.extents()];
  assert.ok(ranges.length <= 100);
  for (let index = 0; index < 10_000; index += 1) {
    const at = index * 1_000_000;
    assert.ok(
      ranges.some((range) => range.offsetBytes <= at && at + 4096 <= range.offsetBytes + range.lengthBytes),
    );
  }
});
