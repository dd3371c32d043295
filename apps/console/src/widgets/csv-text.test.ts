import assert from 'node:assert/strict';
import test from 'node:test';
import { csvText } from './csv-text.ts';

test('cells are quoted where they have to be, and lines end as the standard says', () => {
  const text = csvText([
    ['row', 'message'],
    [3, 'a "b", c\nd'],
    [undefined, 'é'],
  ]);
  assert.equal(text, '\uFEFFrow,message\r\n3,"a ""b"", c\nd"\r\n,é\r\n');
});

test('what a spreadsheet would run stays text', () => {
  for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1'])
    assert.match(csvText([[text]]), /^\uFEFF"?'/, text);
  assert.equal(csvText([[-1]]), '\uFEFF-1\r\n');
});
