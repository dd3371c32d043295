import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { showMode } from './file-rows.ts';
import { readName, showName } from './guest-name.ts';

test('a name is shown as text, but for what is none or would move the cursor', () => {
  const shown = (text: string) => showName(Buffer.from(text));
  assert.equal(shown('übung 1.txt'), 'übung 1.txt');
  assert.equal(shown('a\nb\tc\\d'), 'a\\nb\\tc\\\\d');
  assert.equal(shown('\u001b[2J'), '\\x1b[2J');
  assert.equal(shown('a\u202eb'), 'a\\xe2\\x80\\xaeb');
  assert.equal(showName(Buffer.from([0x61, 0xff, 0xc3, 0x28])), 'a\\xff\\xc3(');
});

test('any name is read as it is shown, and shows nothing that is not printable', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const shown = showName(Buffer.from(bytes));
      assert.deepEqual([...readName(shown)], [...bytes]);
      assert.doesNotMatch(shown, /\p{Cc}/u);
    }),
  );
});

test('a backslash alone is refused', () => {
  for (const text of ['a\\', '\\q', '\\x1'])
    assert.throws(() => readName(text), { code: 'FILES_PATH_INVALID' });
});

test('a mode is shown as ls shows it', () => {
  assert.equal(showMode(0o640), 'rw-r-----');
  assert.equal(showMode(0o4755), 'rwsr-xr-x');
  assert.equal(showMode(0o2640), 'rw-r-S---');
  assert.equal(showMode(0o1777), 'rwxrwxrwt');
});
