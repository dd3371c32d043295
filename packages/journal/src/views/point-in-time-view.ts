/**
 * One disk at one recovery point, read-only. Where each byte lies is resolved for a region of 4 MiB at once
 * and kept for a few regions: a read then costs one look-up, however many segments the history has. Nothing
 * that was committed changes (J3), so a region stays true while writing goes on.
 */
import type { AllocationExtent, ReadableBlockDevice } from '@landfall/block';
import { assert, type Sha256 } from '@landfall/runtime';
import { CHUNK_BYTES, zeroesSha256 } from '../base/base-table.ts';
import { chunkPieces } from '../base/chunk-pieces.ts';
import { VerifiedBase } from '../base/verified-base.ts';
import type { DiskJournal } from '../group/disk-journal.ts';
import { allSettled } from '../group/group-sync.ts';
import type { JournalSegment } from '../segments/journal-segment.ts';
import type { ContentCache } from '../storage/content-cache.ts';
import type { OpenFiles } from '../storage/open-files.ts';
import { type ReadRun, type RecordPiece, readRunsOf } from './read-runs.ts';
import { type ResolvedPiece, resolveRange } from './resolve-range.ts';

const REGION_BYTES = 4 * 1024 * 1024;
/** Kept of a view, in all regions: some 150 bytes each. The region that is read is kept in any case. */
const PIECES_MAX = 32 * 1024;
const REGIONS_MAX = 64;
/** Runs of one read that are fetched at the same time. */
const READS_IN_FLIGHT_MAX = 16;

export interface ViewOptions {
  readonly disk: Pick<DiskJournal, 'diskIndex' | 'base'>;
  /** Those the disk had when the view was opened, oldest first: later compaction does not concern it. */
  readonly segments: readonly JournalSegment[];
  readonly epoch: number;
  /** The base may be shorter or longer: the disk grew or shrank since. */
  readonly sizeBytes: number;
  readonly baseEpoch: number;
  readonly openFiles: OpenFiles;
  readonly cache: ContentCache;
}

export class PointInTimeView implements ReadableBlockDevice {
  readonly sizeBytes: number;
  readonly #disk: ViewOptions['disk'];
  readonly #segments: readonly JournalSegment[];
  readonly #epoch: number;
  readonly #openFiles: OpenFiles;
  readonly #cache: ContentCache;
  readonly #base: VerifiedBase;
  readonly #regions = new Map<number, readonly ResolvedPiece[]>();
  #keptPieces = 0;
  #closed = false;

  constructor(options: ViewOptions) {
    const { disk, epoch, baseEpoch, cache } = options;
    assert(epoch >= baseEpoch, 'a view is at the base or after it');
    this.sizeBytes = options.sizeBytes;
    this.#disk = disk;
    this.#segments = options.segments;
    this.#epoch = epoch;
    this.#openFiles = options.openFiles;
    this.#cache = cache;
    const { diskIndex } = disk;
    this.#base = new VerifiedBase({ base: () => disk.base, cache, diskIndex, epoch: baseEpoch });
  }

  /** Errors: EXTENT_DAMAGED. */
  async read(offsetBytes: number, target: Buffer): Promise<void> {
    this.#checkRange(offsetBytes, target.length);
    const request = { offsetBytes, target };
    const runs = readRunsOf(this.#pieces(offsetBytes, target.length).flatMap(atChunkBorders));
    for (let first = 0; first < runs.length; first += READS_IN_FLIGHT_MAX) {
      const batch = runs.slice(first, first + READS_IN_FLIGHT_MAX);
      // Also when one fails the others end first: the buffer may be lent, and somebody else's afterwards.
      await allSettled(batch.map((run) => this.#readRun(run, request)));
    }
  }

  async allocation(offsetBytes: number, lengthBytes: number): Promise<AllocationExtent[]> {
    this.#checkRange(offsetBytes, lengthBytes);
    const extents: AllocationExtent[] = [];
    for (const piece of this.#pieces(offsetBytes, lengthBytes)) {
      const length = piece.toBytes - piece.fromBytes;
      if (piece.source !== undefined) {
        const zero = piece.source.extent.payloadBytes === 0;
        joinExtent(extents, { offsetBytes: piece.fromBytes, lengthBytes: length, zero });
        continue;
      }
      for (const part of chunkPieces(piece.fromBytes, length)) {
        const { offsetBytes: offset, lengthBytes: partLength } = part;
        joinExtent(extents, {
          offsetBytes: offset,
          lengthBytes: partLength,
          zero: this.#base.isZero(part.chunk),
        });
      }
    }
    return extents;
  }

  /** SHA-256 of a chunk when all of it is in the base, where it may be known; otherwise `undefined`. */
  async baseChunkSha256(chunk: number, sha256: Sha256): Promise<Buffer | undefined> {
    const length = Math.min(CHUNK_BYTES, this.sizeBytes - chunk * CHUNK_BYTES);
    const inBase = this.#pieces(chunk * CHUNK_BYTES, length).every((piece) => piece.source === undefined);
    const { base } = this.#disk;
    if (!inBase) return undefined;
    if (chunk >= base.chunkCount) return zeroesSha256(length);
    return this.#base.chunkSha256(chunk, { lengthBytes: length, sha256 });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#regions.clear();
  }

  #checkRange(offsetBytes: number, lengthBytes: number): void {
    assert(!this.#closed, 'a closed view is not read');
    const inside = offsetBytes >= 0 && lengthBytes >= 0 && offsetBytes + lengthBytes <= this.sizeBytes;
    assert(inside, `[${offsetBytes}, +${lengthBytes}) is not on a disk of ${this.sizeBytes} bytes`);
  }

  /** Of a range, in order and without gaps. */
  #pieces(offsetBytes: number, lengthBytes: number): ResolvedPiece[] {
    const end = offsetBytes + lengthBytes;
    const pieces: ResolvedPiece[] = [];
    for (let from = offsetBytes; from < end; ) {
      const region = Math.floor(from / REGION_BYTES);
      const to = Math.min(end, (region + 1) * REGION_BYTES);
      appendClipped(this.#region(region), { fromBytes: from, toBytes: to }, pieces);
      from = to;
    }
    return pieces;
  }

  #region(region: number): readonly ResolvedPiece[] {
    const known = this.#regions.get(region);
    if (known !== undefined) {
      this.#regions.delete(region);
      this.#regions.set(region, known);
      return known;
    }
    const fromBytes = region * REGION_BYTES;
    const toBytes = Math.min(this.sizeBytes, fromBytes + REGION_BYTES);
    const pieces = resolveRange(this.#segments, this.#epoch, { fromBytes, toBytes });
    this.#regions.set(region, pieces);
    this.#keptPieces += pieces.length;
    this.#forgetOldest(region);
    return pieces;
  }

  #forgetOldest(but: number): void {
    for (const [region, pieces] of this.#regions) {
      if (this.#regions.size <= REGIONS_MAX && this.#keptPieces <= PIECES_MAX) return;
      if (region === but) return;
      this.#regions.delete(region);
      this.#keptPieces -= pieces.length;
    }
  }

  async #readRun(run: ReadRun, request: ReadRequest): Promise<void> {
    if (run.kind === 'base') return this.#readBase(run.pieces, request);
    if (run.kind === 'part') return this.#readPart(run.piece, targetOf(run.piece, request));
    const extents = run.pieces.map((piece) => ({
      extent: piece.source.extent,
      target: targetOf(piece, request),
    }));
    await run.segment.readRun(this.#openFiles, extents);
  }

  async #readPart({ fromBytes, source: { segment, extent } }: RecordPiece, target: Buffer): Promise<void> {
    if (extent.payloadBytes === 0) {
      target.fill(0);
      return;
    }
    const key = `${segment.path}/${extent.positionBytes}`;
    const content = await this.#cache.get(key, () => segment.readExtent(this.#openFiles, extent));
    const from = fromBytes - extent.offsetBytes;
    content.copy(target, 0, from, from + target.length);
  }

  async #readBase(pieces: readonly ResolvedPiece[], request: ReadRequest): Promise<void> {
    const { offsetBytes: fromBytes, target } = request;
    const wanted = pieces.map((piece) => ({
      offsetBytes: piece.fromBytes,
      target: targetOf(piece, request),
    }));
    await this.#base.readPieces(wanted, { fromBytes, toBytes: fromBytes + target.length });
  }
}

interface ReadRequest {
  readonly offsetBytes: number;
  readonly target: Buffer;
}

function targetOf({ fromBytes, toBytes }: ResolvedPiece, { offsetBytes, target }: ReadRequest): Buffer {
  return target.subarray(fromBytes - offsetBytes, toBytes - offsetBytes);
}

/** What the base holds, chunk by chunk. */
function atChunkBorders(piece: ResolvedPiece): ResolvedPiece[] {
  if (piece.source !== undefined) return [piece];
  const parts = [...chunkPieces(piece.fromBytes, piece.toBytes - piece.fromBytes)];
  return parts.map(({ offsetBytes, lengthBytes }) => {
    return { fromBytes: offsetBytes, toBytes: offsetBytes + lengthBytes };
  });
}

function appendClipped(
  pieces: readonly ResolvedPiece[],
  range: { readonly fromBytes: number; readonly toBytes: number },
  target: ResolvedPiece[],
): void {
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((pieces[middle]?.toBytes ?? 0) <= range.fromBytes) low = middle + 1;
    else high = middle;
  }
  for (let piece = pieces[low]; piece !== undefined && piece.fromBytes < range.toBytes; piece = pieces[low]) {
    const fromBytes = Math.max(piece.fromBytes, range.fromBytes);
    const toBytes = Math.min(piece.toBytes, range.toBytes);
    target.push({ ...piece, fromBytes, toBytes });
    low += 1;
  }
}

function joinExtent(extents: AllocationExtent[], extent: AllocationExtent): void {
  const last = extents.at(-1);
  if (last === undefined || last.zero !== extent.zero) {
    extents.push(extent);
    return;
  }
  const lengthBytes = last.lengthBytes + extent.lengthBytes;
  extents[extents.length - 1] = { offsetBytes: last.offsetBytes, lengthBytes, zero: last.zero };
}
