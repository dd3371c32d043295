/**
 * Between the receiver and the journal of one server: notes which epochs became durable and which pieces of
 * them to look at. It delays nothing and keeps no content. Whoever looks takes a slice: everything that
 * became durable since the last one.
 *
 * The first epoch of a journal is its first sync: there is nothing before it to compare with.
 */
import type { ExtentHeader } from '@landfall/block';
import type { EpochCommit } from '@landfall/model';
import type { EpochStore } from '@landfall/replication';
import type { Random } from '@landfall/runtime';
import { EpochSample, type SampledPiece, thinOut } from './change-sample.ts';

export interface ChangeSlice {
  readonly firstEpoch: number;
  readonly lastEpoch: number;
  /** Of its first epoch, by the source's wall clock. */
  readonly firstCutTimeMs: number;
  readonly lastCutTimeMs: number;
  readonly writtenBytes: number;
  readonly pieces: readonly SampledPiece[];
}

/** Kept until somebody looks. */
const PIECES_KEPT_MAX = 256;

export class ChangeWatch {
  readonly #random: Random;
  #slice: ChangeSlice | undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  /** The store, watched: one open epoch at a time, as the store has. */
  watch(store: EpochStore): EpochStore {
    return new WatchedStore(store, this, this.#random);
  }

  /** At most so many pieces; `undefined`: nothing became durable. */
  take(piecesMax: number): ChangeSlice | undefined {
    const slice = this.#slice;
    this.#slice = undefined;
    return slice && { ...slice, pieces: thinOut(slice.pieces, piecesMax, this.#random) };
  }

  add({ epoch, cutTimeMs }: EpochCommit, sample: EpochSample): void {
    const before = this.#slice;
    const pieces = [...(before?.pieces ?? []), ...sample.pieces];
    this.#slice = {
      firstEpoch: before?.firstEpoch ?? epoch,
      lastEpoch: epoch,
      firstCutTimeMs: before?.firstCutTimeMs ?? cutTimeMs,
      lastCutTimeMs: cutTimeMs,
      writtenBytes: (before?.writtenBytes ?? 0) + sample.writtenBytes,
      pieces: thinOut(pieces, PIECES_KEPT_MAX, this.#random),
    };
  }
}

class WatchedStore implements EpochStore {
  readonly #store: EpochStore;
  readonly #changes: ChangeWatch;
  readonly #random: Random;
  #open: EpochSample;

  constructor(store: EpochStore, changes: ChangeWatch, random: Random) {
    this.#store = store;
    this.#changes = changes;
    this.#random = random;
    this.#open = new EpochSample(random);
  }

  get journalId(): string {
    return this.#store.journalId;
  }

  get lastEpoch(): number {
    return this.#store.lastEpoch;
  }

  isEmpty(diskIndex: number): boolean {
    return this.#store.isEmpty(diskIndex);
  }

  chunkHashes(diskIndex: number, firstChunk: number, count: number, fresh?: boolean): Promise<Buffer> {
    return this.#store.chunkHashes(diskIndex, firstChunk, count, fresh);
  }

  putExtent(header: ExtentHeader, payload: Buffer, release?: () => void): Promise<void> {
    this.#open.add(header, payload.length);
    return this.#store.putExtent(header, payload, release);
  }

  putZeroes(diskIndex: number, offsetBytes: number, lengthBytes: number): Promise<void> {
    return this.#store.putZeroes(diskIndex, offsetBytes, lengthBytes);
  }

  async commit(commit: EpochCommit): Promise<void> {
    const sample = this.#open;
    this.#open = new EpochSample(this.#random);
    await this.#store.commit(commit);
    if (commit.epoch > 1) this.#changes.add(commit, sample);
  }

  abandon(): Promise<void> {
    this.#open = new EpochSample(this.#random);
    return this.#store.abandon();
  }
}
