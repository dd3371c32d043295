import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WholeColumn } from './whole-column.ts';

const whole = fc.maxSafeNat();
/** As they are on disks and in segments, so that some columns are small and some are not. */
const alike = fc
  .record({ shift: fc.nat(21), values: fc.array(fc.nat(2 ** 32 - 1)) })
  .map(({ shift, values }) => values.map((value) => value * 2 ** shift));

function columnOf(values: readonly number[]): WholeColumn {
  const column = WholeColumn.allocate(values.length);
  for (const [row, value] of values.entries()) column.set(row, value);
  return column;
}

function valuesOf(column: WholeColumn): number[] {
  return Array.from({ length: column.count }, (_, row) => column.at(row));
}

test('numbers survive being written and read, also from a place that is not aligned', () => {
  const property = fc.property(fc.oneof(alike, fc.array(whole)), fc.nat(7), (values, lead) => {
    const encoded = columnOf(values).encode();
    const expected = Buffer.alloc(values.length * 8);
    for (const [row, value] of values.entries()) expected.writeBigUInt64LE(BigInt(value), row * 8);
    assert.ok(encoded.equals(expected));
    const moved = Buffer.concat([Buffer.alloc(lead), encoded]).subarray(lead);
    const decoded = WholeColumn.decode(moved, values.length);
    assert.deepEqual(valuesOf(decoded), values);
    assert.ok(decoded.encode().equals(expected));
  });
  fc.assert(property, { numRuns: 500 });
});

test('sectors of a disk of 2 TiB take 4 bytes each, and one odd number makes them take 8', () => {
  const sectors = [0, 512, 2 ** 41 - 512, 1024];
  assert.equal(WholeColumn.decode(columnOf(sectors).encode(), 4).sizeBytes, 16);
  const odd = [...sectors, 513];
  assert.equal(WholeColumn.decode(columnOf(odd).encode(), 5).sizeBytes, 40);
});

test('a packed column is not changed any more', () => {
  const packed = WholeColumn.decode(columnOf([512, 1024]).encode(), 2);
  assert.throws(() => packed.set(0, 0), /not changed any more/);
});
