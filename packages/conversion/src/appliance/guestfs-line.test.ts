import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type CommandWord, commandLine, LINE_BYTES_MAX, quoteWord } from './guestfs-line.ts';

const byteWord = fc.uint8Array({ maxLength: 6000, size: 'max' }).map((bytes) => Buffer.from(bytes));
const textWord = fc.string({ unit: 'binary', maxLength: 3000, size: 'max' });
const hostileWord = fc
  .tuple(fc.integer({ min: 0, max: 9000 }), fc.constantFrom('"\n!id', ' !id', '\\\n<! id', '"', '\\', '\0'))
  .map(([length, end]) => `/${'a'.repeat(length)}${end}`);
const words = fc.array(fc.oneof(byteWord, textWord, hostileWord), { minLength: 1, maxLength: 4 });

test('whatever the words, what guestfish is given is one line, of a command, that it reads whole', () => {
  let refused = 0;
  const property = fc.property(words, (some: readonly CommandWord[]) => {
    const line = commandLine(['statns', ...some]);
    if (line === undefined) {
      refused += 1;
      const bytes = some.map((word) => Buffer.from(word));
      const total = bytes.reduce((sum, word) => sum + word.length, 0);
      // Nothing escapes to more than four characters.
      assert.ok(bytes.some((word) => word.includes(0)) || total * 4 + 20 > LINE_BYTES_MAX);
      return;
    }
    assert.ok(line.length <= LINE_BYTES_MAX + 1);
    assert.equal(line.subarray(0, 7).toString(), '-statns');
    assert.equal(line.indexOf('\n'), line.length - 1);
    assert.ok(!line.includes(0));
  });
  fc.assert(property, { numRuns: 300 });
  assert.ok(refused > 0, 'no words were too long');
});

test('a line of as many bytes as guestfish reads at once is the longest', () => {
  const path = (length: number) => `/${'a'.repeat(length - 1)}`;
  const longest = LINE_BYTES_MAX - '-statns ""'.length;
  assert.equal(commandLine(['statns', path(longest)])?.length, LINE_BYTES_MAX + 1);
  assert.equal(commandLine(['statns', path(longest + 1)]), undefined);
  assert.equal(commandLine(['statns', '/a\0b']), undefined);
  assert.equal(commandLine(['statns', Buffer.from([0x2f, 0])]), undefined);
});

test('words are quoted as guestfish reads them', () => {
  assert.equal(quoteWord('mount-ro'), 'mount-ro');
  assert.equal(quoteWord('/a b"c\\d\ne'), '"/a b\\"c\\\\d\\ne"');
  assert.equal(
    quoteWord(Buffer.from([0x2f, 0x61, 0x0a, 0xff, 0x22, 0x5c, 0x20, 0x01])),
    '"/a\\n\xff\\"\\\\ \\x01"',
  );
  assert.equal(quoteWord('/é'), '"/\xc3\xa9"');
});
