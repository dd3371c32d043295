/**
 * A journal as one connection sees it: the disks of its HELLO, in their order. The journal itself also keeps
 * disks that its server no longer has, and never renumbers any.
 */
import type { ExtentHeader } from '@landfall/block';
import type { EpochCommit } from '@landfall/model';
import type { EpochStore } from '@landfall/replication';
import { assert } from '@landfall/runtime';

export class SelectedDisksStore implements EpochStore {
  readonly #store: EpochStore;
  readonly #indexes: readonly number[];

  /** `indexes`: of each disk of the connection, its number in `store`. */
  constructor(store: EpochStore, indexes: readonly number[]) {
    this.#store = store;
    this.#indexes = indexes;
  }

  get journalId(): string {
    return this.#store.journalId;
  }

  get lastEpoch(): number {
    return this.#store.lastEpoch;
  }

  isEmpty(diskIndex: number): boolean {
    return this.#store.isEmpty(this.#indexOf(diskIndex));
  }

  chunkHashes(diskIndex: number, firstChunk: number, count: number, fresh?: boolean): Promise<Buffer> {
    return this.#store.chunkHashes(this.#indexOf(diskIndex), firstChunk, count, fresh);
  }

  putExtent(header: ExtentHeader, payload: Buffer, release?: () => void): Promise<void> {
    return this.#store.putExtent({ ...header, diskIndex: this.#indexOf(header.diskIndex) }, payload, release);
  }

  putZeroes(diskIndex: number, offsetBytes: number, lengthBytes: number): Promise<void> {
    return this.#store.putZeroes(this.#indexOf(diskIndex), offsetBytes, lengthBytes);
  }

  commit(commit: EpochCommit): Promise<void> {
    return this.#store.commit(commit);
  }

  abandon(): Promise<void> {
    return this.#store.abandon();
  }

  #indexOf(diskIndex: number): number {
    const index = this.#indexes[diskIndex];
    assert(index !== undefined, 'the receiver has checked that the disk is one of the connection');
    return index;
  }
}
