/** Ranges of a disk, chunk by chunk. */
import { CHUNK_BYTES } from './base-table.ts';

export interface ChunkPiece {
  readonly chunk: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** A range cut at the borders of chunks. */
export function* chunkPieces(offsetBytes: number, lengthBytes: number): Generator<ChunkPiece> {
  const end = offsetBytes + lengthBytes;
  for (let offset = offsetBytes; offset < end; ) {
    const chunk = Math.floor(offset / CHUNK_BYTES);
    const pieceEnd = Math.min(end, (chunk + 1) * CHUNK_BYTES);
    yield { chunk, offsetBytes: offset, lengthBytes: pieceEnd - offset };
    offset = pieceEnd;
  }
}
