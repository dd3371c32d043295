/** Noise, what is compressed, and what is neither. */
import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { seededRandom } from '@landfall/runtime';
import { type Content, contentOf, PIECE_BYTES_MAX, PIECE_BYTES_MIN } from './content.ts';

function shares(bytes: Buffer, pieceBytes: number): Record<Content, number> {
  const counts = { ZERO: 0, STRUCTURED: 0, DENSE: 0, UNIFORM: 0 };
  const pieces = Math.floor(bytes.length / pieceBytes);
  for (let piece = 0; piece < pieces; piece += 1) {
    counts[contentOf(bytes.subarray(piece * pieceBytes, (piece + 1) * pieceBytes))] += 1 / pieces;
  }
  return counts;
}

/** This program itself: code with its strings, and of a size that needs no room. */
const CODE = readFileSync(process.execPath).subarray(0, 8 * 1024 * 1024);

test('what AES wrote is uniform, in pieces of any size that is looked at', () => {
  for (const seed of [1, 2, 3]) {
    const cipher = createCipheriv('aes-256-ctr', seededRandom(seed).bytes(32), Buffer.alloc(16));
    const encrypted = cipher.update(CODE);
    for (const pieceBytes of [PIECE_BYTES_MIN, PIECE_BYTES_MAX]) {
      assert.ok(shares(encrypted, pieceBytes).UNIFORM >= 0.995, `seed ${seed}, ${pieceBytes} bytes`);
    }
  }
});

test('machine code is structured, and what gzip made of it is dense in most pieces', () => {
  assert.ok(shares(CODE, PIECE_BYTES_MAX).STRUCTURED >= 0.9);
  const compressed = shares(gzipSync(CODE), PIECE_BYTES_MAX);
  assert.ok(compressed.UNIFORM <= 0.35, `${compressed.UNIFORM} of gzip look like noise`);
  assert.ok(compressed.STRUCTURED <= 0.1);
});

test('zeroes are zero, and every value as often as the others is not noise', () => {
  assert.equal(contentOf(Buffer.alloc(PIECE_BYTES_MIN)), 'ZERO');
  assert.equal(contentOf(Buffer.from(Uint8Array.from({ length: 4096 }, (_, index) => index))), 'STRUCTURED');
  assert.equal(contentOf(Buffer.alloc(PIECE_BYTES_MIN, 1)), 'STRUCTURED');
});
