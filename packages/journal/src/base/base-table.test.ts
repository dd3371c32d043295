import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeStaleEntry, TABLE_ENTRY_BYTES, writtenEntries } from './base-table.ts';

test('every entry that is not empty is found, and no other, wherever it stands', () => {
  const tables = fc.record({ count: fc.integer({ min: 1, max: 300 }), at: fc.array(fc.nat(299)) });
  const property = fc.property(tables, ({ count, at }) => {
    const table = Buffer.alloc(count * TABLE_ENTRY_BYTES);
    const written = [...new Set(at.filter((index) => index < count))].toSorted((left, right) => left - right);
    for (const index of written) encodeStaleEntry().copy(table, index * TABLE_ENTRY_BYTES);
    // One byte of one entry, as damage leaves it, is not empty either.
    const last = count - 1;
    table.writeUInt8(1, table.length - 1);
    const found = [...writtenEntries(table)];
    assert.deepEqual(new Set(found.map(({ index }) => index)), new Set([...written, last]));
    assert.ok(found.every(({ index }, row) => row === 0 || index > (found[row - 1]?.index ?? 0)));
    for (const { index, entry } of found) {
      const from = index * TABLE_ENTRY_BYTES;
      assert.ok(entry.equals(table.subarray(from, from + TABLE_ENTRY_BYTES)));
    }
  });
  fc.assert(property, { numRuns: 100 });
});
