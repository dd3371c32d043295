import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isZero, zeroRuns } from './zero-runs.ts';

describe('zero runs', () => {
  it('find a single byte anywhere', () => {
    const content = Buffer.alloc(200_000);
    assert.equal(isZero(content), true);
    for (const at of [0, 65_535, 65_536, 131_072, 199_999]) {
      content[at] = 1;
      assert.equal(isZero(content), false, `byte ${at}`);
      content[at] = 0;
    }
  });

  it('cover the content, alternate, and have their borders on granules of the device', () => {
    const granuleBytes = 16;
    const property = fc.property(
      fc.array(fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1), { maxLength: 300 }),
      fc.nat(1000),
      (bytes, offsetBytes) => {
        const content = Buffer.from(bytes);
        let position = offsetBytes;
        let before: boolean | undefined;
        for (const run of zeroRuns(content, offsetBytes, granuleBytes)) {
          assert.equal(run.offsetBytes, position);
          assert.notEqual(run.zero, before);
          if (before !== undefined) assert.equal(run.offsetBytes % granuleBytes, 0);
          const start = run.offsetBytes - offsetBytes;
          assert.ok(!run.zero || isZero(content.subarray(start, start + run.lengthBytes)));
          position += run.lengthBytes;
          before = run.zero;
        }
        assert.equal(position, offsetBytes + content.length);
      },
    );
    fc.assert(property);
  });
});
