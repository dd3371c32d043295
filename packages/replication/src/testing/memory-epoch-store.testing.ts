/**
 * An epoch store in memory that tells durable from not: a commit becomes durable some time after it was
 * called, several at once, and a crash loses what was not, or all of it but what the disk had already and
 * nobody was told.
 */
import assert from 'node:assert/strict';
import { decodeExtent, type ExtentHeader } from '@landfall/block';
import type { EpochCommit } from '@landfall/model';
import { type Clock, OperationError, type Random } from '@landfall/runtime';
import type { EpochStore } from '../epoch-store.ts';
import { BLOCK_BYTES, chunkHashesOf, type Stamps, stampsOf } from './stamped-disk.testing.ts';

export interface StoredEpoch {
  readonly commit: EpochCommit;
  readonly disks: readonly Stamps[];
  readonly written: readonly boolean[];
}

interface PendingCommit {
  readonly epoch: StoredEpoch;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface MemoryStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly blockCounts: readonly number[];
  readonly journalId: string;
  readonly syncMsMax: number;
  readonly epochs?: readonly StoredEpoch[];
  /** What a first copy that was never committed left behind. */
  readonly base?: readonly Stamps[];
}

export class MemoryEpochStore implements EpochStore {
  readonly journalId: string;
  readonly epochs: StoredEpoch[];
  /** Set to make the next puts or commits fail. */
  failure: OperationError | undefined;
  /** A disk that says it wrote, and did not. */
  losesWrites = false;
  readonly #options: MemoryStoreOptions;
  #pending: PendingCommit[] = [];
  #syncing = false;
  #crashed = false;
  #broken = false;
  #busy = false;
  #disks: Stamps[] = [];
  #written: boolean[] = [];
  #extentCount = 0;

  constructor(options: MemoryStoreOptions) {
    this.#options = options;
    this.journalId = options.journalId;
    this.epochs = [...(options.epochs ?? [])];
    this.#rollBack();
    if (options.base !== undefined && this.epochs.length === 0) {
      this.#disks = options.base.map((stamps) => stamps.slice());
      this.#written = options.base.map((stamps) => stamps.some((stamp) => stamp !== 0));
    }
  }

  get lastEpoch(): number {
    return this.epochs.at(-1)?.commit.epoch ?? 0;
  }

  isEmpty(diskIndex: number): boolean {
    return this.#written[diskIndex] === false;
  }

  /** A block becomes another behind everybody's back. */
  corrupt(diskIndex: number, block: number, stamp: number): void {
    this.#disk(diskIndex).fill(stamp, block, block + 1);
  }

  async chunkHashes(diskIndex: number, firstChunk: number, count: number): Promise<Buffer> {
    return this.#inTurn(() => chunkHashesOf(this.#disk(diskIndex), firstChunk, count));
  }

  async putExtent(header: ExtentHeader, payload: Buffer): Promise<void> {
    await this.#inTurn(() => {
      this.#failIfTold();
      const stamps = stampsOf(decodeExtent(header, payload));
      if (!this.losesWrites) this.#disk(header.diskIndex).set(stamps, header.offsetBytes / BLOCK_BYTES);
      this.#noteWrite(header.diskIndex);
    });
  }

  async putZeroes(diskIndex: number, offsetBytes: number, lengthBytes: number): Promise<void> {
    await this.#inTurn(() => {
      this.#failIfTold();
      const first = offsetBytes / BLOCK_BYTES;
      this.#disk(diskIndex).fill(0, first, first + lengthBytes / BLOCK_BYTES);
      this.#noteWrite(diskIndex);
    });
  }

  async commit(commit: EpochCommit): Promise<void> {
    this.#check();
    this.#failIfTold();
    const before = this.#pending.at(-1)?.epoch.commit.epoch ?? this.lastEpoch;
    assert.equal(commit.epoch, before + 1, 'epochs are committed in order');
    assert.equal(commit.extentCount, this.#extentCount);
    this.#extentCount = 0;
    const disks = this.#disks.map((stamps) => stamps.slice());
    const epoch: StoredEpoch = { commit, disks, written: [...this.#written] };
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#pending.push({ epoch, resolve, reject });
    if (!this.#syncing) this.#sync().catch(reject);
    return promise;
  }

  async abandon(): Promise<void> {
    if (this.#crashed) throw crashedError();
    assert.equal(this.#pending.length, 0, 'commits are waited for before an epoch is abandoned');
    this.#broken = false;
    this.#rollBack();
  }

  /** The process dies: a random part of what was not yet said to be durable is. The store that opens next. */
  crash(unsynced: 'SOME' | 'LOST' = 'SOME'): MemoryEpochStore {
    this.#crashed = true;
    const survived = this.#pending.slice(0, this.#options.random.integer(this.#pending.length + 1));
    const epochs = [...this.epochs, ...survived.map(({ epoch }) => epoch)];
    for (const { reject } of this.#pending) reject(crashedError());
    this.#pending = [];
    const base = this.#disks.map((stamps) => this.#partlyLost(stamps, unsynced));
    return new MemoryEpochStore({ ...this.#options, epochs, base });
  }

  /** The same store with another identity or another past: what it promised is not kept. */
  replaced(options: { readonly journalId: string; readonly epochsKept: number }): MemoryEpochStore {
    this.crash();
    const { journalId, epochsKept } = options;
    const base = journalId === this.journalId ? this.#disks : [];
    const epochs = this.epochs.slice(0, epochsKept);
    return new MemoryEpochStore({
      ...this.#options,
      journalId,
      epochs,
      ...(base.length > 0 ? { base } : {}),
    });
  }

  /** Blocks that were never synced may be gone. */
  #partlyLost(stamps: Stamps, unsynced: 'SOME' | 'LOST'): Stamps {
    if (unsynced === 'LOST') return new Uint32Array(stamps.length);
    const { random } = this.#options;
    const keepAll = random.integer(2) === 0;
    return stamps.map((stamp) => (keepAll || random.integer(4) > 0 ? stamp : 0));
  }

  async #sync(): Promise<void> {
    this.#syncing = true;
    const { clock, random, syncMsMax } = this.#options;
    while (this.#pending.length > 0 && !this.#crashed) {
      const group = [...this.#pending];
      await clock.sleep(random.integer(syncMsMax + 1));
      if (this.#crashed) return;
      this.#pending = this.#pending.slice(group.length);
      for (const { epoch, resolve } of group) {
        this.epochs.push(epoch);
        resolve();
      }
    }
    this.#syncing = false;
  }

  async #inTurn<Result>(action: () => Result): Promise<Result> {
    this.#check();
    assert.ok(!this.#busy, 'calls are made in order, each awaited');
    this.#busy = true;
    try {
      if (this.#options.random.integer(8) === 0) await this.#options.clock.sleep(1);
      this.#check();
      return action();
    } finally {
      this.#busy = false;
    }
  }

  #check(): void {
    if (this.#crashed) throw crashedError();
    assert.ok(!this.#broken, 'after a failure an epoch can only be abandoned');
  }

  #failIfTold(): void {
    if (this.failure === undefined) return;
    this.#broken = true;
    throw this.failure;
  }

  #noteWrite(diskIndex: number): void {
    this.#written[diskIndex] = true;
    this.#extentCount += 1;
  }

  #rollBack(): void {
    const last = this.epochs.at(-1);
    this.#extentCount = 0;
    if (last === undefined && this.#written.length > 0) return;
    this.#disks = this.#options.blockCounts.map(
      (count, index) => last?.disks[index]?.slice() ?? new Uint32Array(count),
    );
    this.#written = this.#options.blockCounts.map((_count, index) => last?.written[index] ?? false);
  }

  #disk(diskIndex: number): Stamps {
    const disk = this.#disks[diskIndex];
    assert.ok(disk !== undefined);
    return disk;
  }
}

function crashedError(): OperationError {
  return new OperationError('INTERNAL_ERROR', 'the replication server has crashed');
}
