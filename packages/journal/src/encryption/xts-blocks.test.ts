/** The cipher against XTS put together from single blocks of AES, as IEEE 1619 writes it down. */
import assert from 'node:assert/strict';
import { createCipheriv, createSecretKey } from 'node:crypto';
import { test } from 'node:test';
import { type Random, seededRandom } from '@landfall/runtime';
import fc from 'fast-check';
import { PartsCursor } from '../storage/buffer-parts.ts';
import { decryptBlocks, encryptBlocks, XTS_KEY_BYTES, XTS_UNIT_BYTES } from './xts-blocks.ts';

const BLOCK_BYTES = 16;
const random = seededRandom(1619);
const KEY_BYTES = random.bytes(XTS_KEY_BYTES);
const KEY = createSecretKey(KEY_BYTES);

function aesBlock(key: Buffer, block: Buffer): Buffer {
  return createCipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(block);
}

/** Times alpha, in the field of 2^128 elements. */
function doubled(tweak: bigint): bigint {
  const shifted = (tweak << 1n) & (2n ** 128n - 1n);
  return tweak >> 127n === 0n ? shifted : shifted ^ 0x87n;
}

function littleEndian(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(32, '0'), 'hex').reverse();
}

function referenceBlock(positionBytes: number, plain: Buffer): Buffer {
  const unit = Math.floor(positionBytes / XTS_UNIT_BYTES);
  const first = aesBlock(KEY_BYTES.subarray(32), littleEndian(BigInt(unit)));
  let tweak = BigInt(`0x${Buffer.from(first).reverse().toString('hex')}`);
  for (let block = (positionBytes % XTS_UNIT_BYTES) / BLOCK_BYTES; block > 0; block -= 1)
    tweak = doubled(tweak);
  const mask = littleEndian(tweak);
  const xor = (bytes: Buffer) => bytes.map((byte, index) => byte ^ (mask[index] ?? 0));
  return Buffer.from(xor(aesBlock(KEY_BYTES.subarray(0, 32), Buffer.from(xor(plain)))));
}

function encrypted(positionBytes: number, parts: readonly Buffer[]): Buffer {
  const plain = new PartsCursor(parts);
  const target = Buffer.alloc(plain.bytesLeft);
  encryptBlocks(KEY, positionBytes, plain, target);
  return target;
}

function decrypted(positionBytes: number, bytes: Buffer): Buffer {
  const plain = Buffer.from(bytes);
  decryptBlocks(KEY, positionBytes, plain);
  return plain;
}

/** The same bytes in parts of any length. */
function cut(bytes: Buffer, cuts: Random): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + cuts.integer(cuts.integer(2) === 0 ? 40 : bytes.length);
    parts.push(bytes.subarray(at, at + length));
    at += length;
  }
  return parts;
}

const places = fc.record({
  block: fc.oneof(fc.nat(100), fc.integer({ min: 4000, max: 4200 }), fc.nat(2 ** 40)),
  blocks: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.constant(2 * (XTS_UNIT_BYTES / BLOCK_BYTES) + 3)),
  seed: fc.nat(),
});

test('a range is encrypted as its blocks are, each for its place, however it is cut into parts', () => {
  fc.assert(
    fc.property(places, ({ block, blocks, seed }) => {
      const position = block * BLOCK_BYTES;
      const plain = Buffer.alloc(blocks * BLOCK_BYTES, seededRandom(seed).bytes(97));
      const whole = encrypted(position, cut(plain, seededRandom(seed)));
      for (const at of [0, Math.floor(blocks / 2), blocks - 1]) {
        const [from, to] = [at * BLOCK_BYTES, (at + 1) * BLOCK_BYTES];
        const reference = referenceBlock(position + from, plain.subarray(from, to));
        assert.deepEqual(whole.subarray(from, to), reference, `block ${at} of ${blocks}`);
      }
      assert.ok(decrypted(position, whole).equals(plain));
    }),
    { numRuns: 30 },
  );
});

test('what was never written reads as zero, and only that', () => {
  const plain = Buffer.alloc(20 * BLOCK_BYTES, 'x');
  plain.fill(0, 3 * BLOCK_BYTES, 5 * BLOCK_BYTES);
  const bytes = encrypted(4096, [plain]);
  assert.ok(!bytes.includes(Buffer.alloc(BLOCK_BYTES)), 'zeroes that were written do not look like a hole');
  bytes.fill(0, 0, BLOCK_BYTES);
  bytes.fill(0, 9 * BLOCK_BYTES, 11 * BLOCK_BYTES);
  plain.fill(0, 0, BLOCK_BYTES);
  plain.fill(0, 9 * BLOCK_BYTES, 11 * BLOCK_BYTES);
  assert.ok(decrypted(4096, bytes).equals(plain));
});

test('one changed bit garbles its block of sixteen bytes and no other', () => {
  const plain = Buffer.alloc(64, 'garbled');
  const bytes = encrypted(0, [plain]);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  const garbled = decrypted(0, bytes);
  assert.ok(garbled.subarray(0, 16).equals(plain.subarray(0, 16)));
  assert.ok(!garbled.subarray(16, 32).equals(plain.subarray(16, 32)));
  assert.ok(garbled.subarray(32).equals(plain.subarray(32)));
});
