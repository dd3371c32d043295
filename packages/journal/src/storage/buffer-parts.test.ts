import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lengthOf, piecesOf } from './buffer-parts.ts';

test('pieces have all bytes in their order, and none is too large or could have more', () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 12 });
  const property = fc.property(parts, fc.integer({ min: 1, max: 40 }), (arrays, bytesMax) => {
    const whole = arrays.map((array) => Buffer.from(array));
    const pieces = [...piecesOf(whole, bytesMax)];
    assert.ok(Buffer.concat(pieces.flat()).equals(Buffer.concat(whole)));
    assert.ok(pieces.slice(0, -1).every((piece) => lengthOf(piece) === bytesMax));
    const last = lengthOf(pieces.at(-1) ?? []);
    assert.ok(last <= bytesMax && (last > 0 || pieces.length === 0));
  });
  fc.assert(property, { numRuns: 1000 });
});
