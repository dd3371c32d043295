import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formatCsvRow, parseCsv } from './csv.ts';

test('what is written is read back', () => {
  const table = fc.integer({ min: 1, max: 5 }).chain((width) => {
    const cell = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', '"', ',', '\r', '\n', '\ufeff', 'a"b'),
    );
    return fc.array(fc.array(cell, { minLength: width, maxLength: width }));
  });
  fc.assert(
    fc.property(table, (rows) => {
      const parsed = parseCsv(rows.map(formatCsvRow).join(''));
      assert.ok(parsed.ok);
      assert.deepEqual(
        parsed.rows.map(({ cells }) => cells),
        rows.filter((cells) => cells.some((text) => text !== '')),
      );
    }),
  );
});

test('line ends, a byte order mark and empty lines of other programs are taken', () => {
  assert.deepEqual(parseCsv('\ufeffa,b\r\n1,\r\n\n,\n"x\ny",2'), {
    ok: true,
    rows: [
      { rowNumber: 1, cells: ['a', 'b'] },
      { rowNumber: 2, cells: ['1', ''] },
      { rowNumber: 5, cells: ['x\ny', '2'] },
    ],
  });
});

test('broken quoting names its row and its column; no text breaks the reader', () => {
  for (const [text, problem] of [
    ['a\n"b', '2: in column 1 a quoted value does not end'],
    ['a\nx,b"c', '2: in column 2 a quote stands inside a value that does not begin with one'],
    ['"a"b', '1: in column 1 something follows a quoted value'],
  ] as const) {
    const parsed = parseCsv(text);
    assert.equal(parsed.ok ? 'none' : `${parsed.problem.rowNumber}: ${parsed.problem.message}`, problem);
  }
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseCsv(text)));
});
