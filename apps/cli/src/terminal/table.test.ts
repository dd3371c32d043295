import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Column, formatTable } from './table.ts';
import { printable, shorten } from './text.ts';

interface Row {
  readonly id: string;
  readonly name: string | undefined;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'NAME', value: ({ name }) => name },
];
const ROWS = [
  { id: 's-1', name: 'web-1' },
  { id: 's-22', name: undefined },
];

test('a table has its titles, a row a line, and a dash where nothing is', () => {
  assert.equal(formatTable(ROWS, COLUMNS), 'ID    NAME\ns-1   web-1\ns-22  –\n');
  assert.equal(formatTable(ROWS, COLUMNS, 11), 'ID    NAME\ns-1   web-1\ns-22  –\n');
});

test('on a terminal too narrow each row is a block, with nothing cut off', () => {
  assert.equal(formatTable(ROWS, COLUMNS, 10), 'ID    s-1\nNAME  web-1\n\nID    s-22\nNAME  –\n');
});

test('no text of others moves the cursor or begins a line', () => {
  const rows = [{ id: 'a\u001b[2J', name: 'b\r\nc\u0007' }];
  assert.equal(formatTable(rows, COLUMNS), 'ID        NAME\na\\x1b[2J  b c\\x07\n');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(printable(text), /\p{Cc}/u);
      assert.equal(formatTable([{ id: text, name: text }], COLUMNS).split('\n').length, 3);
    }),
  );
});

test('a shortened text says that it is', () => {
  assert.equal(shorten('abcdef', 4), 'abc…');
  assert.equal(shorten('abcd', 4), 'abcd');
  assert.equal(shorten('🙂🙂🙂', 2), '🙂…');
});
