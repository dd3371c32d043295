import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decodeInventory } from './inventory-text.ts';

function problemOf(bytes: Uint8Array): string {
  const decoded = decodeInventory(bytes);
  return decoded.ok ? 'none' : `${decoded.problem.rowNumber}: ${decoded.problem.message}`;
}

test('text that is UTF-8 comes out as it is, its byte order mark too', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.deepEqual(decodeInventory(Buffer.from(text)), { ok: true, text });
    }),
  );
  assert.deepEqual(decodeInventory(Buffer.from('\ufeffname\n')), { ok: true, text: '\ufeffname\n' });
});

test('another encoding is named with the row and the column that show it', () => {
  const korean = Buffer.concat([
    Buffer.from('mgn:app:name,mgn:wave:name\r\n"a\r\nb",first\r\nshop,'),
    Buffer.from([0xbc, 0xf6, 0xbf, 0xe4]),
    Buffer.from('\r\n'),
  ]);
  assert.match(problemOf(korean), /^3: the value in column 2 is not UTF-8; save it/);
  assert.match(problemOf(Buffer.from('\ufeffname\n', 'utf16le')), /^1: the file is UTF-16/);
  assert.match(problemOf(Buffer.from([0xfe, 0xff, 0, 0x61])), /^1: the file is UTF-16/);
  assert.match(problemOf(Buffer.from([0x22, 0xff])), /^1: the file is not UTF-8/);
});

test('no bytes break the reader', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void decodeInventory(bytes)));
});
