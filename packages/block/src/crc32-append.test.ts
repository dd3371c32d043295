import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { appendCrc32 } from './crc32-append.ts';

test('the checksum of two pieces is that of the whole, wherever it is cut', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 3000 }), fc.nat(), (bytes, place) => {
    const at = place % (bytes.length + 1);
    const second = bytes.subarray(at);
    const combined = appendCrc32(crc32(bytes.subarray(0, at)), crc32(second), second.length);
    assert.equal(combined, crc32(bytes));
  });
  fc.assert(property, { numRuns: 500 });
});

test('large pieces of zeroes are appended too', () => {
  const zeroes = Buffer.alloc(3 * 1024 * 1024 + 5);
  const head = Buffer.from('head');
  const whole = crc32(zeroes, crc32(head));
  assert.equal(appendCrc32(crc32(head), crc32(zeroes), zeroes.length), whole);
});
