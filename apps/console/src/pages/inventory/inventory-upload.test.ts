import assert from 'node:assert/strict';
import test from 'node:test';
import { isInventoryKey } from './inventory-files.ts';
import {
  exportKey,
  fileNameOf,
  readUpload,
  spreadsheetText,
  UPLOAD_BYTES_MAX,
  uploadKey,
} from './inventory-upload.ts';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 6);

async function faultOf(name: string, bytes: Uint8Array<ArrayBuffer>) {
  const upload = await readUpload(new File([bytes], name));
  return upload.ok ? undefined : upload.fault;
}

test('a CSV file in UTF-8 is sent as the text it is', async () => {
  const content = '\ufeffmgn:wave:name\r\n첫째\r\n';
  assert.deepEqual(await readUpload(new File([content], '서버.CSV')), { ok: true, content });
});

test('what cannot be imported is told before it is sent', async () => {
  assert.deepEqual(await faultOf('servers.xlsx', Buffer.from('x')), { kind: 'name' });
  assert.deepEqual(await faultOf('.csv', Buffer.from('x')), { kind: 'name' });
  assert.deepEqual(await faultOf('a.csv', Buffer.alloc(0)), { kind: 'empty' });
  const tooMany = UPLOAD_BYTES_MAX + 1;
  assert.deepEqual(await faultOf('a.csv', Buffer.alloc(tooMany, 'x')), { kind: 'large', sentBytes: tooMany });
  const gone = async () => {
    throw new DOMException('it was moved', 'NotReadableError');
  };
  const moved = await readUpload({ name: 'a.csv', size: 1, arrayBuffer: gone });
  assert.deepEqual(moved, { ok: false, fault: { kind: 'unreadable' } });
  const unread = await readUpload({ name: 'a.csv', size: 2 ** 40, arrayBuffer: gone });
  assert.deepEqual(unread, { ok: false, fault: { kind: 'large', sentBytes: 2 ** 40 } });
  const quotes = UPLOAD_BYTES_MAX / 2;
  assert.deepEqual(await faultOf('a.csv', Buffer.alloc(quotes, '"')), {
    kind: 'large',
    sentBytes: 2 * quotes + 2,
  });
});

test('another encoding is told with the first line that shows it', async () => {
  const korean = Buffer.concat([Buffer.from('name\r\n둘\r\n'), Buffer.from([0xbc, 0xf6, 10, 0xbc])]);
  assert.deepEqual(await faultOf('a.csv', korean), { kind: 'encoding', line: 3 });
  assert.deepEqual(await faultOf('a.csv', Buffer.from([0xff])), { kind: 'encoding', line: 1 });
  const cutOff = Buffer.concat([Buffer.from('a\n'), Buffer.from('가').subarray(0, 2)]);
  assert.deepEqual(await faultOf('a.csv', cutOff), { kind: 'encoding', line: 2 });
});

test('files are kept under names that the service takes', () => {
  assert.equal(uploadKey('서버.CSV', NOW_MS), 'uploads/2026-01-02T03-04-05.006Z/서버.csv');
  assert.equal(exportKey(NOW_MS), 'exports/2026-01-02T03-04-05.006Z.csv');
  for (const key of [uploadKey('a b.csv', NOW_MS), exportKey(NOW_MS)]) assert.ok(isInventoryKey(key), key);
  assert.equal(fileNameOf('a/b/c.csv'), 'c.csv');
});

test('a spreadsheet is told that a file is UTF-8, once', () => {
  assert.equal(spreadsheetText('a'), '\ufeffa');
  assert.equal(spreadsheetText('\ufeffa'), '\ufeffa');
});
