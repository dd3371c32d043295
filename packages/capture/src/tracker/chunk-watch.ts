/**
 * Tells of whole chunks whether they were left alone while somebody read them: what a comparison with the
 * replica needs that runs beside everything else (TRACKING.md, "Equality").
 *
 *     begin ─▶ a cut after `sinceNs` ─▶ read ─▶ settle ─▶ wasQuiet?
 *     └──── noted as touched: whatever the trace hands out ────┘
 *
 * W1 A chunk that was quiet held the same bytes at every instant from `sinceNs` until the end of the read: no
 *    write or discard of it was in flight, began or ended in that time. So what was read is the chunk at
 *    every cut in between.
 * W2 Whatever cannot be known, as after a loss of sight (C5), counts as touched.
 * W3 A chunk with blocks that were discarded and not read again since is not quiet: the replica does not have
 *    what the disk reads there until some later cut. Nor is one with blocks that may have been read while a
 *    discard was under way: a cut may take that, though nothing changes any more.
 */
import type { Clock } from '@landfall/runtime';
import type { ChunkWatch } from '../engine/epoch-source.ts';
import type { BlockEvent } from '../tracing/block-event.ts';
import type { DiskReader } from '../tracing/trace-source.ts';
import type { ChangeTracker } from './change-tracker.ts';
import { blocksOfChunk, CHUNK_BYTES, ChunkSet } from './chunk-set.ts';
import type { BlockRange } from './dirty-map.ts';
import type { DiskChanges } from './disk-changes.ts';

const SETTLE_STEP_MS = 2;

export interface ChunkWatchOptions {
  readonly tracker: ChangeTracker;
  readonly reader: DiskReader;
  readonly clock: Clock;
  /** Monotonic time all trace times count from. */
  readonly baseNs: bigint;
  /** Drains the trace. */
  readonly pump: () => void;
}

/** What a tracker tells of every change it hands out. */
export interface ChangeWatcher {
  changed(disk: DiskChanges, event: BlockEvent): void;
  /** Changes may have been missed. */
  lostSight?(): void;
}

export class EngineChunkWatch implements ChunkWatch, ChangeWatcher {
  readonly #options: ChunkWatchOptions;
  readonly #touched: readonly ChunkSet[];
  readonly #unwatch: () => void;

  constructor(options: ChunkWatchOptions, sizesBytes: readonly number[]) {
    this.#options = options;
    this.#touched = sizesBytes.map((sizeBytes) => new ChunkSet(sizeBytes));
    this.#unwatch = options.tracker.watch(this);
  }

  changed(disk: DiskChanges, event: BlockEvent): void {
    this.#touched[disk.diskIndex]?.addBlocks(disk.blocksOfEvent(event));
  }

  lostSight(): void {
    for (const disk of this.#touched) disk.addAll();
  }

  begin(diskIndex: number, firstChunk: number, count: number): bigint {
    const { tracker, baseNs } = this.#options;
    const changes = tracker.changesOf(diskIndex);
    for (let chunk = firstChunk; chunk < firstChunk + count; chunk += 1) {
      const isKnown = tracker.isSettled && !mayLackDiscarded(changes, chunk);
      if (isKnown) this.#touched[diskIndex]?.delete(chunk);
    }
    const reachedNs = Number.isFinite(tracker.reachedNs) ? Math.floor(tracker.reachedNs) : 0;
    return baseNs + BigInt(reachedNs);
  }

  read(diskIndex: number, chunk: number): Promise<Buffer> {
    const { sizeBytes } = this.#options.tracker.changesOf(diskIndex);
    const offsetBytes = chunk * CHUNK_BYTES;
    const lengthBytes = Math.min(CHUNK_BYTES, sizeBytes - offsetBytes);
    return this.#options.reader.read({ diskIndex, offsetBytes, lengthBytes }, (bytes) => Buffer.from(bytes));
  }

  async settle(signal: AbortSignal): Promise<void> {
    const { tracker, clock, baseNs, pump } = this.#options;
    const calledNs = Number(clock.monotonicNs() - baseNs);
    for (;;) {
      signal.throwIfAborted();
      pump();
      if (tracker.reachedNs >= calledNs) return;
      await clock.sleep(SETTLE_STEP_MS, signal);
    }
  }

  wasQuiet(diskIndex: number, chunk: number): boolean {
    return this.#isUntouched(diskIndex, chunk) && !this.#mayChange(diskIndex, chunk);
  }

  isWaiting(diskIndex: number, chunk: number): boolean {
    return this.#isUntouched(diskIndex, chunk) && this.#mayChange(diskIndex, chunk);
  }

  mayLackFree(diskIndex: number, chunk: number): boolean {
    return this.#options.tracker.changesOf(diskIndex).leftOut.has(chunk);
  }

  foundEqual(diskIndex: number, chunk: number): void {
    this.#options.tracker.changesOf(diskIndex).leftOut.delete(chunk);
  }

  touchedCount(diskIndex: number): number {
    const touched = this.#touched[diskIndex];
    if (touched === undefined) return 0;
    let count = 0;
    for (let chunk = 0; chunk < touched.chunkCount; chunk += 1) if (touched.has(chunk)) count += 1;
    return count;
  }

  end(): void {
    this.#unwatch();
  }

  #isUntouched(diskIndex: number, chunk: number): boolean {
    return this.#options.tracker.isSettled && this.#touched[diskIndex]?.has(chunk) === false;
  }

  #mayChange(diskIndex: number, chunk: number): boolean {
    const changes = this.#options.tracker.changesOf(diskIndex);
    return changes.mayChange(blocksOfDisk(changes, chunk));
  }
}

function blocksOfDisk(changes: DiskChanges, chunk: number): BlockRange {
  return blocksOfChunk(chunk, changes.dirty.blockCount);
}

/** W3. */
function mayLackDiscarded(changes: DiskChanges, chunk: number): boolean {
  const { firstBlock, blockCount } = blocksOfDisk(changes, chunk);
  const end = firstBlock + blockCount;
  const found = changes.discarded.firstDirty(firstBlock);
  if (found !== undefined && found < end) return true;
  for (let block = changes.dirty.firstDirty(firstBlock); block !== undefined && block < end; ) {
    if (changes.records.get(block)?.wasDiscarded === true) return true;
    block = changes.dirty.firstDirty(block + 1);
  }
  return false;
}
