import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BLOCK_BYTES } from '../tracker/read-ticket.ts';
import { FreeBlocks } from './free-blocks.ts';

const SECTOR_BYTES = 512;

test('only whole blocks that were found free and not touched may be left out', () => {
  const range = fc.record({ first: fc.nat(900), count: fc.nat(300) });
  const cases = {
    startSectors: fc.nat(70_000 * 8),
    found: fc.array(range, { maxLength: 10 }),
    touched: fc.array(range, { maxLength: 10 }),
    alignmentBlocks: fc.constantFrom(1, 2, 16, 256),
  };
  fc.assert(
    fc.property(fc.record(cases), ({ startSectors, found, touched, alignmentBlocks }) => {
      const offsetBytes = startSectors * SECTOR_BYTES;
      const blocks = new FreeBlocks(3, { offsetBytes, lengthBytes: 1200 * SECTOR_BYTES });
      for (const { first, count } of found) blocks.found(first * SECTOR_BYTES, count * SECTOR_BYTES);
      const isInOne = (block: number) =>
        found.some(({ first, count }) => {
          const begin = startSectors + first;
          return begin <= block * 8 && (block + 1) * 8 <= begin + count;
        });
      const base = Math.floor(startSectors / 8);
      const touchedBlocks = new Set<number>();
      for (const { first, count } of touched) {
        blocks.touched(3, { firstBlock: base + first, blockCount: count });
        blocks.touched(2, { firstBlock: base, blockCount: 1000 });
        for (let block = 0; block < count; block += 1) touchedBlocks.add(base + first + block);
      }
      const isFree = (block: number) => isInOne(block) && !touchedBlocks.has(block);
      const expected: number[] = [];
      for (let unit = Math.floor(base / alignmentBlocks); unit * alignmentBlocks < base + 200; unit += 1) {
        const members = Array.from({ length: alignmentBlocks }, (_, at) => unit * alignmentBlocks + at);
        if (members.every(isFree)) expected.push(...members);
      }
      const actual = [...blocks.runs(alignmentBlocks)].flatMap(({ firstBlock, blockCount }) =>
        Array.from({ length: blockCount }, (_, at) => firstBlock + at),
      );
      assert.deepEqual(
        actual.toSorted((left, right) => left - right),
        expected,
      );
    }),
  );
});

test('what lies outside the volume is a fault of the finder', () => {
  const blocks = new FreeBlocks(0, { offsetBytes: BLOCK_BYTES, lengthBytes: BLOCK_BYTES });
  assert.throws(() => blocks.found(0, BLOCK_BYTES + 1), /B1/);
  assert.throws(() => blocks.found(-1, 1), /B1/);
});
