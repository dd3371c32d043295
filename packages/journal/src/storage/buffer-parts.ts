/** Lists of buffers that stand for the bytes in all of them, one after the other. */
import { assert } from '@landfall/runtime';

export function lengthOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

/** The same memory in fewer parts: each part of a read or a write costs a look at it. */
export function joinAdjacent(parts: readonly Buffer[]): Buffer[] {
  const joined: Buffer[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    const isNext = last?.buffer === part.buffer && last.byteOffset + last.length === part.byteOffset;
    if (last === undefined || !isNext) joined.push(part);
    else joined[joined.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + part.length);
  }
  return joined;
}

/** The same bytes in pieces of at most `bytesMax`, none of them empty. */
export function* piecesOf(parts: readonly Buffer[], bytesMax: number): Iterable<readonly Buffer[]> {
  let piece: Buffer[] = [];
  let left = bytesMax;
  for (const part of parts) {
    for (let from = 0; from < part.length; ) {
      const taken = part.subarray(from, from + left);
      piece.push(taken);
      from += taken.length;
      left -= taken.length;
      if (left > 0) continue;
      yield piece;
      piece = [];
      left = bytesMax;
    }
  }
  if (piece.length > 0) yield piece;
}

/** A copy of the last bytes. */
export function lastBytesOf(parts: readonly Buffer[], lengthBytes: number): Buffer {
  const bytes = Buffer.alloc(lengthBytes);
  let left = lengthBytes;
  for (const part of parts.toReversed()) {
    const length = Math.min(left, part.length);
    part.copy(bytes, left - length, part.length - length);
    left -= length;
  }
  assert(left === 0, 'there are as many bytes as are wanted');
  return bytes;
}

/** A place in a list of buffers, moved on by reading there or writing there. */
export class PartsCursor {
  bytesLeft: number;
  readonly #parts: readonly Buffer[];
  #index = 0;
  #offset = 0;

  constructor(parts: readonly Buffer[]) {
    this.#parts = parts.filter((part) => part.length > 0);
    this.bytesLeft = lengthOf(parts);
  }

  /** The next bytes where they are, when one part has them all. */
  takeInPlace(lengthBytes: number): Buffer | undefined {
    const rest = this.#rest();
    if (rest.length < lengthBytes) return undefined;
    this.#advance(lengthBytes);
    return rest.subarray(0, lengthBytes);
  }

  /** Fills `target` with the next bytes. */
  take(target: Buffer): void {
    for (let done = 0; done < target.length; ) {
      const length = this.#rest().copy(target, done);
      this.#advance(length);
      done += length;
    }
  }

  /** Copies `source` over the next bytes. */
  put(source: Buffer): void {
    for (let done = 0; done < source.length; ) {
      const length = source.copy(this.#rest(), 0, done);
      this.#advance(length);
      done += length;
    }
  }

  #rest(): Buffer {
    const part = this.#parts[this.#index];
    assert(part !== undefined, 'no more is taken than there is');
    return part.subarray(this.#offset);
  }

  #advance(lengthBytes: number): void {
    this.#offset += lengthBytes;
    this.bytesLeft -= lengthBytes;
    if (this.#offset < (this.#parts[this.#index]?.length ?? 0)) return;
    this.#index += 1;
    this.#offset = 0;
  }
}
