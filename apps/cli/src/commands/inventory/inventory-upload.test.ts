import assert from 'node:assert/strict';
import test from 'node:test';
import { inventoryText, uploadKey } from './inventory-upload.ts';

const UNUSABLE = { code: 'INVENTORY_FILE_UNUSABLE' };

test('a file is sent as the text it is, its byte order mark too', () => {
  const text = '\ufeffmgn:wave:name\r\n첫째\r\n';
  assert.equal(inventoryText('in.csv', Buffer.from(text)), text);
});

test('a file that is empty, of another encoding, or too large in a request, is refused before it is sent', () => {
  assert.throws(() => inventoryText('in.csv', Buffer.alloc(0)), UNUSABLE);
  assert.throws(() => inventoryText('in.csv', Buffer.from([0xbc, 0xf6])), { ...UNUSABLE, message: /UTF-8/ });
  const quotes = 600 * 1024;
  assert.throws(() => inventoryText('in.csv', Buffer.alloc(quotes, '"')), {
    ...UNUSABLE,
    message: /at most/,
  });
  assert.equal(inventoryText('in.csv', Buffer.alloc(quotes, 'x')).length, quotes);
});

test('a key has the time and the name of the file', () => {
  const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
  assert.equal(uploadKey('서버.CSV', nowMs), 'uploads/2026-01-02T03-04-05.006Z/서버.csv');
  for (const name of ['servers.txt', 'servers', '.csv', '']) {
    assert.throws(() => uploadKey(name, nowMs), UNUSABLE);
  }
});
