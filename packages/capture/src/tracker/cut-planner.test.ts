import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BlockRecord } from './block-record.ts';
import { type CutBlock, extentsOf, largestCutNs } from './cut-planner.ts';
import { BLOCK_BYTES } from './read-ticket.ts';

/**
 * A record with versions read between writes at the given times: [issue, completion, issue, completion …].
 */
function recordOf(
  replicaUntilNs: number,
  versions: readonly { lowNs: number; highNs: number }[],
): BlockRecord {
  const record = new BlockRecord({ diskIndex: 0, block: 0, lastIssueNs: 0, replicaUntilNs });
  for (const version of versions) {
    record.versions.push({ ...version, changeCount: 0, discardCount: 0, content: undefined });
  }
  return record;
}

test('the chosen cut is the largest instant at which every block has a version', () => {
  const version = fc
    .tuple(fc.nat(40), fc.nat(15))
    .map(([lowNs, length]) => ({ lowNs, highNs: lowNs + length + 1 }));
  const record = fc
    .tuple(fc.option(fc.nat(20), { nil: -Infinity }), fc.array(version, { maxLength: 4 }))
    .map(([until, versions]) => recordOf(until, versions));
  fc.assert(
    fc.property(fc.array(record, { maxLength: 5 }), fc.nat(45), fc.nat(10), (records, throughNs, afterNs) => {
      const isValid = (time: number) =>
        records.every(
          ({ replicaUntilNs, versions }) =>
            time < replicaUntilNs || versions.some(({ lowNs, highNs }) => lowNs <= time && time < highNs),
        );
      let expected: number | undefined;
      for (let time = afterNs + 1; time <= throughNs; time += 1) if (isValid(time)) expected = time;
      assert.equal(largestCutNs(records, { afterNs, throughNs }), expected);
    }),
    { numRuns: 1000 },
  );
});

test('with nothing changed the cut is at the watermark, and never at or before the last one', () => {
  assert.equal(largestCutNs([], { afterNs: 5, throughNs: 9 }), 9);
  assert.equal(largestCutNs([], { afterNs: 9, throughNs: 9 }), undefined);
});

test('neighbouring blocks become extents of at most 1 MiB, apart by disk and by being zero', () => {
  const filled = (diskIndex: number, block: number): CutBlock => ({
    diskIndex,
    block,
    content: Buffer.alloc(BLOCK_BYTES, block % 251),
  });
  const zero = (diskIndex: number, block: number): CutBlock => ({ diskIndex, block, content: undefined });
  const run = Array.from({ length: 257 }, (_, index) => filled(1, index));
  const blocks = [...run, zero(0, 5), filled(0, 4), filled(0, 3), zero(0, 6), filled(0, 8)];
  const extents = extentsOf(blocks, [9 * BLOCK_BYTES - 512, 1024 * BLOCK_BYTES]);
  assert.deepEqual(
    extents.map(({ diskIndex, offsetBytes, lengthBytes, content }) => [
      diskIndex,
      offsetBytes / BLOCK_BYTES,
      lengthBytes,
      content === undefined,
    ]),
    [
      [0, 3, 2 * BLOCK_BYTES, false],
      [0, 5, 2 * BLOCK_BYTES, true],
      [0, 8, BLOCK_BYTES - 512, false],
      [1, 0, 1024 * 1024, false],
      [1, 256, BLOCK_BYTES, false],
    ],
  );
  assert.equal(extents[0]?.content?.[0], 3);
  assert.equal(extents[0]?.content?.[BLOCK_BYTES], 4);
});
