import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import {
  bucketPath,
  columnsFile,
  errorsFile,
  isBucketName,
  isInventoryKey,
  isRefused,
} from './inventory-files.ts';

test('the columns are those that the control plane reads', async () => {
  const source = await readFile(
    new URL('../../../../control-plane/src/inventory/inventory-columns.ts', import.meta.url),
    'utf8',
  );
  const known = [...source.matchAll(/^ {2}'(mgn:[a-z:-]+)':/gm)].map(([, name]) => name);
  assert.ok(known.length > 0);
  assert.equal(columnsFile(), `\uFEFF${known.join(',')}\r\n`);
});

test('buckets and files are told from what the service would refuse', () => {
  for (const bucket of ['b', 'a.b-c_D1']) assert.equal(isBucketName(bucket), true, bucket);
  for (const bucket of ['', '.', '..', 'a/b', 'a b', 'x'.repeat(256)])
    assert.equal(isBucketName(bucket), false, bucket);
  for (const key of ['a.csv', 'in/2026 január/a.csv']) assert.equal(isInventoryKey(key), true, key);
  for (const key of ['', '.csv', 'a.txt', '/a.csv', 'a//b.csv', '../a.csv', 'a/./b.csv'])
    assert.equal(isInventoryKey(key), false, key);
});

test('where to put the file is said before it has a name, too', () => {
  assert.equal(bucketPath('', ''), 'buckets/BUCKET/FILE.csv');
  assert.equal(bucketPath('b', 'in/a.csv'), 'buckets/b/in/a.csv');
});

test('errors become a file, row by row', () => {
  const words = { header: ['Row', 'Kind', 'Cause', 'Of'], kindOf: (type: string) => type.toLowerCase() };
  const text = errorsFile(
    [
      { errorType: 'VALIDATION_ERROR', errorData: { rowNumber: 3, rawError: 'no name, no id' } },
      { errorType: 'PROCESSING_ERROR', errorData: { rawError: 'busy', sourceServerID: 's-1' } },
      { errorData: { rowNumber: 4, rawError: 'warning: kept' } },
    ],
    words,
  );
  assert.equal(
    text,
    '\uFEFFRow,Kind,Cause,Of\r\n3,validation_error,"no name, no id",\r\n,processing_error,busy,s-1\r\n4,warning,warning: kept,\r\n',
  );
});

test('a file that was refused as a whole is told from one that was applied in part', () => {
  assert.equal(isRefused([]), false);
  assert.equal(isRefused([{ errorType: 'VALIDATION_ERROR' }]), true);
  assert.equal(isRefused([{ errorType: 'VALIDATION_ERROR' }, { errorType: 'PROCESSING_ERROR' }]), false);
  assert.equal(isRefused([{ errorData: { rawError: 'warning: kept' } }]), false);
});
