/**
 * What the oldest segments of a disk do to its base: for every byte the newest record of them that has it.
 * Everything is verified when it is read.
 */

import type { JournalSegment } from '../segments/journal-segment.ts';
import type { ContentCache } from '../storage/content-cache.ts';
import type { OpenFiles } from '../storage/open-files.ts';
import { type ResolvedPiece, resolveRange } from '../views/resolve-range.ts';
import { CHUNK_BYTES } from './base-table.ts';

export type ChangedPiece = ResolvedPiece & { readonly source: NonNullable<ResolvedPiece['source']> };

export interface ChangedExtent {
  readonly chunks: readonly number[];
  readonly endBytes: number;
}

export class BaseChanges {
  readonly #segments: readonly JournalSegment[];
  readonly #openFiles: OpenFiles;
  readonly #cache: ContentCache;

  constructor(segments: readonly JournalSegment[], openFiles: OpenFiles, cache: ContentCache) {
    this.#segments = segments;
    this.#openFiles = openFiles;
    this.#cache = cache;
  }

  /** The chunks that change, in order, and where the last change ends; a segment a step. */
  *measure(): Generator<undefined, ChangedExtent> {
    const chunks = new Set<number>();
    let endBytes = 0;
    for (const segment of this.#segments) {
      segment.forEachRange((offsetBytes, lengthBytes) => {
        const lastChunk = Math.floor((offsetBytes + lengthBytes - 1) / CHUNK_BYTES);
        for (let chunk = Math.floor(offsetBytes / CHUNK_BYTES); chunk <= lastChunk; chunk += 1) {
          chunks.add(chunk);
        }
        endBytes = Math.max(endBytes, offsetBytes + lengthBytes);
      });
      yield;
    }
    return { chunks: [...chunks].toSorted((left, right) => left - right), endBytes };
  }

  /** The pieces of a range, in order and without gaps; those without a source do not change. */
  pieces(fromBytes: number, toBytes: number): readonly ResolvedPiece[] {
    return resolveRange(this.#segments, Number.POSITIVE_INFINITY, { fromBytes, toBytes });
  }

  /** Puts what changes over what the base has there. Errors: EXTENT_DAMAGED. */
  async cover(offsetBytes: number, target: Buffer): Promise<void> {
    for (const piece of this.pieces(offsetBytes, offsetBytes + target.length)) {
      if (!isChanged(piece)) continue;
      const part = target.subarray(piece.fromBytes - offsetBytes, piece.toBytes - offsetBytes);
      await this.read(piece, part);
    }
  }

  /** Errors: EXTENT_DAMAGED. */
  async read({ fromBytes, source: { segment, extent } }: ChangedPiece, target: Buffer): Promise<void> {
    if (extent.payloadBytes === 0) {
      target.fill(0);
      return;
    }
    const key = `${segment.path}/${extent.positionBytes}`;
    const content = await this.#cache.get(key, () => segment.readExtent(this.#openFiles, extent));
    const from = fromBytes - extent.offsetBytes;
    content.copy(target, 0, from, from + target.length);
  }
}

export function isChanged(piece: ResolvedPiece): piece is ChangedPiece {
  return piece.source !== undefined;
}

/** Whether all of the pieces become zero. */
export function isAllZero(pieces: readonly ResolvedPiece[]): boolean {
  return pieces.every((piece) => piece.source?.extent.payloadBytes === 0);
}

export function chunkRange(chunk: number, sizeBytes: number): { readonly from: number; readonly to: number } {
  return { from: chunk * CHUNK_BYTES, to: Math.min(sizeBytes, (chunk + 1) * CHUNK_BYTES) };
}
