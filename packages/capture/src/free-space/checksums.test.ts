import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CRC16_START, crc16 } from './crc16.ts';
import { CRC32C_START, crc32c } from './crc32c.ts';

const CHECK = Buffer.from('123456789');

test('the checksums give the published values for 123456789', () => {
  assert.equal(~crc32c(CRC32C_START, CHECK) >>> 0, 0xe306_9283);
  assert.equal(crc16(0, CHECK), 0xbb3d);
  assert.equal(crc16(CRC16_START, CHECK), 0x4b37);
});
