/**
 * A store, a source and a link that hand everything on: what watches or spoils them changes only what it
 * must.
 */
import type { Extent, ExtentHeader } from '@landfall/block';
import type { CapturedExtent, ChunkWatch, Cut, EpochSource } from '@landfall/capture';
import type { EpochCommit } from '@landfall/model';
import type { EpochStore } from '@landfall/replication';
import type { Link, Message } from '@landfall/wire';

export class StoreFilter implements EpochStore {
  readonly journalId: string;
  readonly #store: EpochStore;

  constructor(store: EpochStore) {
    this.journalId = store.journalId;
    this.#store = store;
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
    return this.#store.putExtent(header, payload, release);
  }

  putZeroes(diskIndex: number, offsetBytes: number, lengthBytes: number): Promise<void> {
    return this.#store.putZeroes(diskIndex, offsetBytes, lengthBytes);
  }

  commit(commit: EpochCommit): Promise<void> {
    return this.#store.commit(commit);
  }

  abandon(): Promise<void> {
    return this.#store.abandon();
  }
}

export class SourceFilter implements EpochSource {
  readonly disks: EpochSource['disks'];
  readonly #source: EpochSource;

  constructor(source: EpochSource) {
    this.disks = source.disks;
    this.#source = source;
  }

  get generation(): number {
    return this.#source.generation;
  }

  dirtyBytes(diskIndex: number): number {
    return this.#source.dirtyBytes(diskIndex);
  }

  markDirty(diskIndex: number, extent: Extent): void {
    this.#source.markDirty(diskIndex, extent);
  }

  takeBulk(bytesMax: number): Promise<readonly CapturedExtent[]> {
    return this.#source.takeBulk(bytesMax);
  }

  nextCut(options: { readonly waitMs: number; readonly signal: AbortSignal }): Promise<Cut | undefined> {
    return this.#source.nextCut(options);
  }

  watchChunks(): ChunkWatch | undefined {
    return this.#source.watchChunks?.();
  }
}

export class LinkFilter implements Link {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  get bytesSent(): number {
    return this.#link.bytesSent;
  }

  get bytesReceived(): number {
    return this.#link.bytesReceived;
  }

  get bytesWaiting(): number {
    return this.#link.bytesWaiting;
  }

  limitBuffers(bytesMax: number): void {
    this.#link.limitBuffers(bytesMax);
  }

  send(message: Message): Promise<void> {
    return this.#link.send(message);
  }

  messages(): AsyncIterable<Message> {
    return this.#link.messages();
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  destroy(reason?: Error): void {
    this.#link.destroy(reason);
  }
}
