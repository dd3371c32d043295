import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CODEC_RAW, CODEC_ZSTD, decodeExtent } from '@landfall/block';
import { seededRandom } from '@landfall/runtime';
import { CompressionChoice, PROBE_EVERY } from './compression-choice.ts';
import { encodeExtent } from './extent-encoder.ts';

const MIB = 1024 * 1024;

function extent(content: Buffer) {
  return { diskIndex: 0, offsetBytes: 0, lengthBytes: content.length, content };
}

for (const sizeBytes of [512, 4096, 100_000, MIB]) {
  test(`${sizeBytes} bytes that shrink are compressed, and come back as they were`, async () => {
    const content = Buffer.alloc(sizeBytes, 'what is said again and again ');
    const { message, shrinkable } = await encodeExtent(extent(content), 'ZSTD');
    assert.equal(message.header.codec, CODEC_ZSTD);
    assert.ok(shrinkable && message.payload.length < sizeBytes / 2);
    assert.deepEqual(decodeExtent(message.header, message.payload), content);
  });

  test(`${sizeBytes} bytes that do not shrink travel as they are`, async () => {
    const content = seededRandom(sizeBytes).bytes(sizeBytes);
    const { message } = await encodeExtent(extent(content), 'ZSTD');
    assert.equal(message.header.codec, CODEC_RAW);
    assert.equal(message.payload, content);
  });
}

function observe(choice: CompressionChoice, way: 'ZSTD' | 'RAW', mibPerSecond: number): void {
  const durationNs = BigInt(Math.round((8 / mibPerSecond) * 1e9));
  choice.observe(way, { bytes: 8 * MIB, shrinkableBytes: 8 * MIB, durationNs });
}

test('both ways are tried, then the faster is used and the other tried now and then', () => {
  const choice = new CompressionChoice();
  assert.equal(choice.choose(8 * MIB), 'ZSTD');
  observe(choice, 'ZSTD', 300);
  assert.equal(choice.choose(8 * MIB), 'RAW');
  observe(choice, 'RAW', 900);
  const chosen = Array.from({ length: PROBE_EVERY }, () => choice.choose(8 * MIB));
  assert.equal(chosen.filter((way) => way === 'RAW').length, PROBE_EVERY - 1);
});

test('on a slow link compression wins, and when both are as fast it wins too', () => {
  const choice = new CompressionChoice();
  observe(choice, 'ZSTD', 99);
  observe(choice, 'RAW', 100);
  assert.equal(choice.choose(8 * MIB), 'ZSTD');
});

test('small batches are compressed, and batches that do not shrink teach nothing', () => {
  const choice = new CompressionChoice();
  observe(choice, 'ZSTD', 100);
  observe(choice, 'RAW', 900);
  assert.equal(choice.choose(4096), 'ZSTD');
  for (let batch = 0; batch < 20; batch += 1) {
    choice.observe('ZSTD', { bytes: 8 * MIB, shrinkableBytes: MIB, durationNs: 1n });
  }
  assert.equal(choice.choose(8 * MIB), 'RAW');
});
