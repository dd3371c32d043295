/**
 * AES-256-XTS (IEEE 1619) over a file: the cipher of encryption at rest. It keeps lengths and places: the
 * sixteen bytes at a position depend on the key, the position and themselves, and on nothing beside them. So
 * what is torn, cut off and written again harms no other block, and there is no nonce that a second write
 * could use twice.
 *
 * The file is cut into data units; the tweak is the number of the unit. OpenSSL begins at the start of a unit
 * only: for a range that begins inside one, bytes that nobody looks at stand before it. Units are small
 * enough that what the cipher returns stays in the processor's cache, and large enough that making a cipher
 * costs nothing beside it. Measured with Node 24 while appending: half of what encryption cost was collecting
 * what the cipher had returned, and page faults of it; given back at once it costs neither.
 */
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { assert } from '@landfall/runtime';
import type { PartsCursor } from '../storage/buffer-parts.ts';

export const XTS_BLOCK_BYTES = 16;
export const XTS_UNIT_BYTES = 64 * 1024;
/** Two keys of AES-256. */
export const XTS_KEY_BYTES = 64;
const ALGORITHM = 'aes-256-xts';
const TWEAK_BYTES = 16;

/** Used within one call that awaits nothing. */
const scratch = Buffer.allocUnsafeSlow(XTS_UNIT_BYTES);

/** Encrypts the next bytes of `plain` into `target`, which is whole blocks from `positionBytes`. */
export function encryptBlocks(
  key: KeyObject,
  positionBytes: number,
  plain: PartsCursor,
  target: Buffer,
): void {
  for (const { unit, startBytes, endBytes, offsetBytes } of unitPieces(positionBytes, target.length)) {
    const length = endBytes - startBytes;
    const whole = startBytes === 0 ? plain.takeInPlace(length) : undefined;
    if (whole === undefined) plain.take(scratch.subarray(startBytes, endBytes));
    const cipher = createCipheriv(ALGORITHM, key, tweakOf(unit));
    const output = cipher.update(whole ?? scratch.subarray(0, endBytes));
    output.copy(target, offsetBytes, startBytes);
    giveBack(output);
  }
}

/**
 * Decrypts `bytes`, whole blocks from `positionBytes`, in place. A block of zero bytes is a hole of the file,
 * never written, and stays zero: that an encrypted block looks like it happens once in 2^128.
 */
export function decryptBlocks(key: KeyObject, positionBytes: number, bytes: Buffer): void {
  const holes = zeroBlocks(bytes);
  for (const { unit, startBytes, endBytes, offsetBytes } of unitPieces(positionBytes, bytes.length)) {
    const piece = bytes.subarray(offsetBytes, offsetBytes + endBytes - startBytes);
    if (startBytes > 0) piece.copy(scratch, startBytes);
    const cipher = createDecipheriv(ALGORITHM, key, tweakOf(unit));
    const output = cipher.update(startBytes > 0 ? scratch.subarray(0, endBytes) : piece);
    output.copy(piece, 0, startBytes);
    giveBack(output);
  }
  for (const at of holes) bytes.fill(0, at, at + XTS_BLOCK_BYTES);
}

interface UnitPiece {
  readonly unit: number;
  /** Within the unit. */
  readonly startBytes: number;
  readonly endBytes: number;
  /** Within the range. */
  readonly offsetBytes: number;
}

/** A range of whole blocks, cut where units begin. */
function* unitPieces(positionBytes: number, lengthBytes: number): Generator<UnitPiece> {
  const isWhole = positionBytes % XTS_BLOCK_BYTES === 0 && lengthBytes % XTS_BLOCK_BYTES === 0;
  assert(isWhole, 'whole blocks are encrypted and decrypted');
  for (let offsetBytes = 0; offsetBytes < lengthBytes; ) {
    const unit = Math.floor((positionBytes + offsetBytes) / XTS_UNIT_BYTES);
    const startBytes = positionBytes + offsetBytes - unit * XTS_UNIT_BYTES;
    const endBytes = Math.min(XTS_UNIT_BYTES, startBytes + lengthBytes - offsetBytes);
    yield { unit, startBytes, endBytes, offsetBytes };
    offsetBytes += endBytes - startBytes;
  }
}

/** Frees memory that only this buffer has, as what a cipher returns does. */
function giveBack(output: Buffer): void {
  const { buffer } = output;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === output.length) buffer.transfer(0);
}

/** The number of the unit, little-endian, as IEEE 1619 has it. */
function tweakOf(unit: number): Buffer {
  const tweak = Buffer.alloc(TWEAK_BYTES);
  tweak.writeBigUInt64LE(BigInt(unit));
  return tweak;
}

/** Positions of blocks that are zero. Looked at is one word of each: of encrypted ones it hardly ever is. */
function zeroBlocks(bytes: Buffer): number[] {
  const found: number[] = [];
  const aligned = bytes.byteOffset % Uint32Array.BYTES_PER_ELEMENT === 0 ? bytes : Buffer.from(bytes);
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
  for (let word = 0; word < words.length; word += 4) {
    if (words[word] !== 0) continue;
    if (words[word + 1] === 0 && words[word + 2] === 0 && words[word + 3] === 0) found.push(word * 4);
  }
  return found;
}
