/**
 * Which pieces of what arrives are looked at: a few of each epoch, spread evenly over its bytes, one at a
 * random place of each stride. The stride doubles when there are too many, so memory is bounded and choosing
 * costs next to nothing, however large an epoch becomes. Only places are kept; what stood and stands there is
 * read from the journal later.
 */
import type { ExtentHeader } from '@landfall/block';
import type { Random } from '@landfall/runtime';
import { PIECE_BYTES_MAX, PIECE_BYTES_MIN } from './content.ts';

export interface SampledPiece {
  readonly diskIndex: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** How many written bytes it stands for. */
  readonly weightBytes: number;
  /** It came well compressed: nothing encrypted can be in it to speak of. */
  readonly isCompressible: boolean;
}

const STRIDE_BYTES_MIN = 16 * 1024;
export const PIECES_MAX = 64;
/** Payload by content. An extent that is encrypted in part does not compress further than that part. */
const COMPRESSIBLE_RATIO_MAX = 0.25;

export class EpochSample {
  readonly #random: Random;
  #strideBytes = STRIDE_BYTES_MIN;
  #pieces: Omit<SampledPiece, 'weightBytes'>[] = [];
  #writtenBytes = 0;
  #nextAtBytes: number;

  constructor(random: Random) {
    this.#random = random;
    this.#nextAtBytes = random.integer(STRIDE_BYTES_MIN);
  }

  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  get pieces(): readonly SampledPiece[] {
    return this.#pieces.map((piece) => ({ ...piece, weightBytes: this.#strideBytes }));
  }

  add(extent: Pick<ExtentHeader, 'diskIndex' | 'offsetBytes' | 'lengthBytes'>, payloadBytes: number): void {
    const { diskIndex, offsetBytes, lengthBytes } = extent;
    const isCompressible = payloadBytes <= lengthBytes * COMPRESSIBLE_RATIO_MAX;
    const beganAt = this.#writtenBytes;
    this.#writtenBytes += lengthBytes;
    while (this.#nextAtBytes < this.#writtenBytes) {
      const range = pieceAt(lengthBytes, this.#nextAtBytes - beganAt);
      if (range !== undefined) {
        const place = { diskIndex, offsetBytes: offsetBytes + range.from, lengthBytes: range.lengthBytes };
        this.#pieces.push({ ...place, isCompressible });
      }
      this.#moveOn();
    }
  }

  /** To a random place of the next stride. */
  #moveOn(): void {
    if (this.#pieces.length > PIECES_MAX) {
      this.#pieces = this.#pieces.filter((_piece, index) => index % 2 === 0);
      this.#strideBytes *= 2;
    }
    const stride = Math.floor(this.#nextAtBytes / this.#strideBytes) + 1;
    this.#nextAtBytes = stride * this.#strideBytes + this.#random.integer(this.#strideBytes);
  }
}

/** A piece of an extent around `at`; none of an extent that is too short to tell anything. */
function pieceAt(
  lengthBytes: number,
  at: number,
): { readonly from: number; readonly lengthBytes: number } | undefined {
  if (lengthBytes < PIECE_BYTES_MIN) return undefined;
  const aligned = at - (at % PIECE_BYTES_MIN);
  const latest = Math.max(0, lengthBytes - PIECE_BYTES_MAX);
  const from = Math.min(aligned, latest - (latest % PIECE_BYTES_MIN));
  return { from, lengthBytes: Math.min(PIECE_BYTES_MAX, lengthBytes - from) };
}

/** A random part of the pieces that stands for all of them. */
export function thinOut(
  pieces: readonly SampledPiece[],
  countMax: number,
  random: Random,
): readonly SampledPiece[] {
  if (pieces.length <= countMax) return pieces;
  const kept = [...pieces];
  for (let index = 0; index < countMax; index += 1) {
    const other = index + random.integer(kept.length - index);
    const [left, right] = [kept[index], kept[other]];
    if (left === undefined || right === undefined) continue;
    kept[index] = right;
    kept[other] = left;
  }
  const factor = pieces.length / countMax;
  return kept
    .slice(0, countMax)
    .map((piece) => ({ ...piece, weightBytes: Math.round(piece.weightBytes * factor) }));
}
