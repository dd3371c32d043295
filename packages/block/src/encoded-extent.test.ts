import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { CODEC_RAW, CODEC_ZSTD, decodeExtent, type ExtentHeader, payloadChecksum } from './encoded-extent.ts';

function headerOf(content: Buffer, payload: Buffer, codec: ExtentHeader['codec']): ExtentHeader {
  const lengthBytes = content.length;
  return { diskIndex: 1, offsetBytes: 4096, lengthBytes, codec, checksum: payloadChecksum(payload) };
}

describe('an encoded extent', () => {
  it('decodes to the bytes it was made of, raw and compressed', () => {
    const property = fc.property(fc.uint8Array({ minLength: 1, maxLength: 5000 }), (bytes) => {
      const content = Buffer.from(bytes);
      const compressed = zstdCompressSync(content);
      assert.deepEqual(decodeExtent(headerOf(content, content, CODEC_RAW), content), content);
      assert.deepEqual(decodeExtent(headerOf(content, compressed, CODEC_ZSTD), compressed), content);
    });
    fc.assert(property, { numRuns: 30 });
  });

  it('is damaged when its bytes, its length or its compression do not hold', () => {
    const content = Buffer.alloc(4096, 3);
    const raw = headerOf(content, content, CODEC_RAW);
    const changed = Buffer.from(content);
    changed[7] = 4;
    const damaged = { code: 'EXTENT_DAMAGED' };
    assert.throws(() => decodeExtent(raw, changed), damaged);
    assert.throws(() => decodeExtent({ ...raw, lengthBytes: 4095 }, content), damaged);
    assert.throws(() => decodeExtent({ ...raw, codec: CODEC_ZSTD }, content), damaged);
    const compressed = zstdCompressSync(content);
    const packed = headerOf(content, compressed, CODEC_ZSTD);
    assert.throws(() => decodeExtent({ ...packed, lengthBytes: 4095 }, compressed), damaged);
    assert.throws(() => decodeExtent({ ...packed, lengthBytes: 4097 }, compressed), damaged);
  });
});
