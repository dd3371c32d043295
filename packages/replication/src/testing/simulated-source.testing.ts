/**
 * A source of epochs over stamped disks: knows the true state at every cut, and can do what real ones do at
 * their worst.
 */
import assert from 'node:assert/strict';
import type { Extent } from '@landfall/block';
import type { CapturedExtent, ChunkWatch, Cut, EpochSource, ForgetFreeOptions } from '@landfall/capture';
import { type Clock, OperationError, type Random } from '@landfall/runtime';
import { BLOCK_BYTES, contentOf, type Stamps } from './stamped-disk.testing.ts';

const CHUNK_BLOCKS = 256;

export interface SimulatedSourceOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly blockCounts: readonly number[];
  readonly latencyMsMax: number;
  /** Larger ones are handed over in several extents. */
  readonly extentBlocksMax: number;
  readonly cutDirtyBlocksMax: number;
}

export class SimulatedSource implements EpochSource {
  readonly disks: EpochSource['disks'];
  readonly stamps: readonly Stamps[];
  /**
   * By cut: what all disks held. Cuts taken while blind are not in it: they are handed over after the loss.
   */
  readonly truth = new Map<bigint, readonly Stamps[]>();
  unreadable = false;
  joiningDisks: readonly number[] = [];
  generation = 0;
  /** What its file systems do not use now. */
  free: readonly { readonly diskIndex: number; readonly first: number; readonly count: number }[] = [];
  /**
   * Blocks that were left out as free and not written since: what the replica holds of them does not
   * matter.
   */
  readonly leftOut: readonly Uint8Array[];
  /** By cut, like `truth`. */
  readonly leftOutAt = new Map<bigint, readonly Uint8Array[]>();
  readonly #options: SimulatedSourceOptions;
  readonly #dirty: readonly Uint8Array[];
  readonly #dirtyCounts: number[];
  #blind = false;
  #busy = false;
  /** By watch: disk and chunk of what was written. */
  readonly #watches = new Set<Set<string>>();
  /** By search for free space: what was written since it began. */
  readonly #searches = new Set<Set<number>[]>();

  constructor(options: SimulatedSourceOptions) {
    this.#options = options;
    this.disks = options.blockCounts.map((count, index) => ({
      ...{ diskId: `disk-${index}`, deviceName: `/dev/sim${index}`, sizeBytes: count * BLOCK_BYTES },
    }));
    this.stamps = options.blockCounts.map((count) => new Uint32Array(count));
    this.#dirty = options.blockCounts.map((count) => new Uint8Array(count));
    this.#dirtyCounts = options.blockCounts.map(() => 0);
    this.leftOut = options.blockCounts.map((count) => new Uint8Array(count));
  }

  write(diskIndex: number, block: number, stamp: number): void {
    const disk = this.stamps[diskIndex];
    assert.ok(disk !== undefined);
    disk[block] = stamp;
    if (this.#blind) return;
    for (const touched of this.#searches) touched[diskIndex]?.add(block);
    for (const touched of this.#watches) touched.add(`${diskIndex}/${Math.floor(block / CHUNK_BLOCKS)}`);
    this.#mark(diskIndex, block);
  }

  /** As if somebody had written past the kernel: nobody ever hears of it. */
  writeUnseen(diskIndex: number, block: number, stamp: number): void {
    this.stamps[diskIndex]?.fill(stamp, block, block + 1);
  }

  watchChunks(): ChunkWatch {
    const touched = new Set<string>();
    this.#watches.add(touched);
    const keyOf = (diskIndex: number, chunk: number) => `${diskIndex}/${chunk}`;
    return {
      begin: (diskIndex, firstChunk, count) => {
        for (let chunk = firstChunk; chunk < firstChunk + count; chunk += 1)
          touched.delete(keyOf(diskIndex, chunk));
        return this.#options.clock.monotonicNs();
      },
      read: async (diskIndex, chunk) => {
        await this.#pass();
        if (this.unreadable) throw unreadableError();
        const stamps = this.stamps[diskIndex] ?? new Uint32Array();
        const first = chunk * CHUNK_BLOCKS;
        return contentOf(stamps, first, Math.min(CHUNK_BLOCKS, stamps.length - first));
      },
      settle: async (signal) => {
        await this.#pass(signal);
        while (this.#blind) await this.#options.clock.sleep(1, signal);
      },
      wasQuiet: (diskIndex, chunk) => !touched.has(keyOf(diskIndex, chunk)),
      isWaiting: () => false,
      mayLackFree: (diskIndex, chunk) =>
        this.leftOut[diskIndex]?.subarray(chunk * CHUNK_BLOCKS, (chunk + 1) * CHUNK_BLOCKS).includes(1) ===
        true,
      foundEqual: () => undefined,
      touchedCount: (diskIndex) => [...touched].filter((key) => key.startsWith(`${diskIndex}/`)).length,
      end: () => this.#watches.delete(touched),
    };
  }

  /** From now on writes are not seen, until `noticeLoss`. */
  loseSight(): void {
    this.#blind = true;
  }

  noticeLoss(): void {
    this.#blind = false;
    this.generation += 1;
    for (const touched of this.#watches) {
      for (const [index, { length }] of this.stamps.entries()) {
        for (let chunk = 0; chunk * CHUNK_BLOCKS < length; chunk += 1) touched.add(`${index}/${chunk}`);
      }
    }
    for (const [index, { sizeBytes }] of this.disks.entries())
      this.markDirty(index, { offsetBytes: 0, lengthBytes: sizeBytes });
  }

  finishJoining(): void {
    this.joiningDisks = [];
  }

  dirtyBytes(diskIndex: number): number {
    return (this.#dirtyCounts[diskIndex] ?? 0) * BLOCK_BYTES;
  }

  markDirty(diskIndex: number, extent: Extent): void {
    const end = (extent.offsetBytes + extent.lengthBytes) / BLOCK_BYTES;
    for (let block = extent.offsetBytes / BLOCK_BYTES; block < end; block += 1) this.#mark(diskIndex, block);
  }

  takeBulk(bytesMax: number): Promise<readonly CapturedExtent[]> {
    return this.#exclusively(async () => {
      const ranges = this.#take(Math.floor(bytesMax / BLOCK_BYTES));
      await this.#pass();
      return ranges.map((range) => this.#captured(range, this.stamps));
    });
  }

  nextCut(options: { readonly waitMs: number; readonly signal: AbortSignal }): Promise<Cut | undefined> {
    return this.#exclusively(async () => {
      const { clock, random, cutDirtyBlocksMax } = this.#options;
      await this.#pass(options.signal);
      const joining = new Set(this.joiningDisks);
      const dirty = this.#dirtyCounts.reduce(
        (sum, count, index) => sum + (joining.has(index) ? 0 : count),
        0,
      );
      if (dirty > cutDirtyBlocksMax || random.integer(20) === 0) {
        await clock.sleep(random.integer(options.waitMs), options.signal);
        return undefined;
      }
      const state = this.stamps.map((stamps) => stamps.slice());
      const cutMonotonicNs = clock.monotonicNs();
      if (!this.#blind) this.truth.set(cutMonotonicNs, state);
      this.leftOutAt.set(
        cutMonotonicNs,
        this.leftOut.map((flags) => flags.slice()),
      );
      const extents = this.#take(Number.POSITIVE_INFINITY, joining).map((range) =>
        this.#captured(range, state),
      );
      if (random.integer(2) === 0) await clock.sleep(random.integer(this.#options.latencyMsMax + 1));
      while (this.#blind) await clock.sleep(1, options.signal);
      return { cutMonotonicNs, cutTimeMs: clock.nowMs(), extents };
    });
  }

  /** Some time passes before the map is read, and some more before it holds after a crash. */
  async forgetFree({ alignmentsBytes, signal }: ForgetFreeOptions): Promise<void> {
    const { generation } = this;
    const touched = this.disks.map(() => new Set<number>());
    this.#searches.add(touched);
    try {
      await this.#pass(signal);
      const found = this.free;
      await this.#pass(signal);
      if (this.generation !== generation) return;
      for (const { diskIndex, first, count } of found) {
        const unit = (alignmentsBytes[diskIndex] ?? BLOCK_BYTES) / BLOCK_BYTES;
        const begin = Math.ceil(first / unit) * unit;
        for (let at = begin; at + unit <= first + count; at += unit) {
          this.#leaveOut({ diskIndex, first: at, count: unit }, touched[diskIndex]);
        }
      }
    } finally {
      this.#searches.delete(touched);
    }
  }

  #leaveOut(
    { diskIndex, first, count }: { diskIndex: number; first: number; count: number },
    touched: ReadonlySet<number> | undefined,
  ): void {
    const blocks = Array.from({ length: count }, (_, index) => first + index);
    if (blocks.some((block) => touched?.has(block))) return;
    for (const block of blocks) {
      if (this.#dirty[diskIndex]?.[block] !== 1) continue;
      this.#clear(diskIndex, block);
      this.leftOut[diskIndex]?.fill(1, block, block + 1);
    }
  }

  /** Contract of the real one: one call at a time. */
  async #exclusively<Result>(action: () => Promise<Result>): Promise<Result> {
    assert.ok(!this.#busy, 'the source is asked for one thing at a time');
    this.#busy = true;
    try {
      if (this.unreadable) throw unreadableError();
      return await action();
    } finally {
      this.#busy = false;
    }
  }

  async #pass(signal?: AbortSignal): Promise<void> {
    await this.#options.clock.sleep(this.#options.random.integer(this.#options.latencyMsMax + 1), signal);
  }

  /**
   * Takes dirty blocks off the map, lowest first, as ranges that do not cross a chunk and are all zero or
   * not at all.
   */
  #take(
    blocksMax: number,
    without: ReadonlySet<number> = new Set(),
  ): { diskIndex: number; first: number; count: number }[] {
    const ranges: { diskIndex: number; first: number; count: number }[] = [];
    let taken = 0;
    for (const [diskIndex, dirty] of this.#dirty.entries()) {
      if (without.has(diskIndex)) continue;
      for (let block = dirty.indexOf(1); block !== -1 && taken < blocksMax; block = dirty.indexOf(1, block)) {
        this.#clear(diskIndex, block);
        taken += 1;
        const last = ranges.at(-1);
        if (last !== undefined && this.#continues(last, diskIndex, block)) last.count += 1;
        else ranges.push({ diskIndex, first: block, count: 1 });
      }
    }
    return ranges;
  }

  #continues(
    last: { diskIndex: number; first: number; count: number },
    diskIndex: number,
    block: number,
  ): boolean {
    const isNext = last.diskIndex === diskIndex && last.first + last.count === block;
    return isNext && block % CHUNK_BLOCKS !== 0 && last.count < this.#options.extentBlocksMax;
  }

  #captured(
    range: { diskIndex: number; first: number; count: number },
    state: readonly Stamps[],
  ): CapturedExtent {
    const { diskIndex, first, count } = range;
    const stamps = state[diskIndex];
    assert.ok(stamps !== undefined);
    const extent = { diskIndex, offsetBytes: first * BLOCK_BYTES, lengthBytes: count * BLOCK_BYTES };
    const zero = stamps.subarray(first, first + count).every((stamp) => stamp === 0);
    return zero ? extent : { ...extent, content: contentOf(stamps, first, count) };
  }

  #mark(diskIndex: number, block: number): void {
    const dirty = this.#dirty[diskIndex];
    assert.ok(dirty !== undefined && block < dirty.length);
    this.leftOut[diskIndex]?.fill(0, block, block + 1);
    if (dirty[block] === 1) return;
    dirty[block] = 1;
    this.#dirtyCounts[diskIndex] = (this.#dirtyCounts[diskIndex] ?? 0) + 1;
  }

  #clear(diskIndex: number, block: number): void {
    const dirty = this.#dirty[diskIndex];
    if (dirty !== undefined) dirty[block] = 0;
    this.#dirtyCounts[diskIndex] = (this.#dirtyCounts[diskIndex] ?? 0) - 1;
  }
}

function unreadableError(): OperationError {
  return new OperationError('DISK_UNREADABLE', 'the disk cannot be read', { retryable: true });
}
