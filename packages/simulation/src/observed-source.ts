/**
 * The capture engine as the sender sees it, watched: cuts go into the log, and what the engine holds in
 * memory is compared with its limits. What compresses is handed on in pieces of at most PIECE_BYTES_MAX,
 * because the sender compresses larger ones in other threads, whose speed would then decide the order of
 * things.
 */
import { zstdCompressSync } from 'node:zlib';
import type { CapturedExtent, Cut, EpochSource } from '@landfall/capture';
import { SourceFilter } from './filters.ts';

/** SYNCHRONOUS_BYTES_MAX and SAMPLE_BYTES of the sender's encoder. */
const PIECE_BYTES_MAX = 32 * 1024;
const SAMPLE_BYTES = 8 * 1024;

export interface SourceWatch {
  onCut(cut: Cut): void;
  /** After everything that may have made the engine remember more. */
  onAnswer(): void;
}

export class ObservedSource extends SourceFilter {
  readonly #watch: SourceWatch;

  constructor(source: EpochSource, watch: SourceWatch) {
    super(source);
    this.#watch = watch;
  }

  override async takeBulk(bytesMax: number): Promise<readonly CapturedExtent[]> {
    const extents = await super.takeBulk(bytesMax);
    this.#watch.onAnswer();
    return inPieces(extents);
  }

  override async nextCut(options: {
    readonly waitMs: number;
    readonly signal: AbortSignal;
  }): Promise<Cut | undefined> {
    const cut = await super.nextCut(options);
    this.#watch.onAnswer();
    if (cut === undefined) return undefined;
    this.#watch.onCut(cut);
    return { ...cut, extents: inPieces(cut.extents) };
  }
}

function inPieces(extents: readonly CapturedExtent[]): readonly CapturedExtent[] {
  return extents.flatMap((extent) => {
    const { content, lengthBytes } = extent;
    const staysWhole = lengthBytes <= PIECE_BYTES_MAX || content === undefined || !compresses(content);
    return staysWhole ? [extent] : piecesOf(extent, content);
  });
}

/** As the sender finds out: by a sample. */
function compresses(content: Buffer): boolean {
  const begin = (content.length - SAMPLE_BYTES) >>> 1;
  const sample = content.subarray(begin, begin + SAMPLE_BYTES);
  return zstdCompressSync(sample).length < SAMPLE_BYTES * 0.95;
}

function piecesOf({ diskIndex, offsetBytes }: CapturedExtent, content: Buffer): readonly CapturedExtent[] {
  const pieces: CapturedExtent[] = [];
  for (let at = 0; at < content.length; at += PIECE_BYTES_MAX) {
    const piece = content.subarray(at, at + PIECE_BYTES_MAX);
    pieces.push({ diskIndex, offsetBytes: offsetBytes + at, lengthBytes: piece.length, content: piece });
  }
  return pieces;
}
