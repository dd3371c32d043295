/** Tests only: disks in memory that are scanned, whoever writes to them, and what a replica has of them. */
import assert from 'node:assert/strict';
import { type Clock, type OperationError, type Random, seededRandom } from '@landfall/runtime';
import type { CapturedExtent, Cut } from '../engine/epoch-source.ts';
import type { DiskFreezer, FreezeHold } from '../freeze/disk-freezer.ts';
import { SCAN_CHUNK_BYTES } from './chunk-hashes.ts';
import { ScanSource } from './scan-source.ts';

export const SIZES = [3 * SCAN_CHUNK_BYTES + 512, SCAN_CHUNK_BYTES];

/** A block is one number at the start of its 64 KiB, so that disks are cheap to write and to compare. */
const BLOCK_BYTES = 64 * 1024;

/** Keeps everybody from writing, or only pretends to; thaws by itself after so many reads, or in time. */
export class WorldFreezer implements DiskFreezer {
  isRogueWriting = false;
  readsUntilThaw = Number.POSITIVE_INFINITY;
  failure: OperationError | undefined;
  freezes = 0;
  readonly #clock: Clock;
  #untilNs = 0n;
  #isFrozen = false;

  get keepsOut(): boolean {
    return this.isFrozen && !this.isRogueWriting;
  }

  get isFrozen(): boolean {
    this.#isFrozen &&= this.#clock.monotonicNs() < this.#untilNs;
    return this.#isFrozen;
  }

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async freeze(limitMs: number): Promise<FreezeHold> {
    if (this.failure !== undefined) throw this.failure;
    this.freezes += 1;
    this.#isFrozen = true;
    this.#untilNs = this.#clock.monotonicNs() + BigInt(limitMs * 1e6);
    const isHeld = () => this.isFrozen;
    return {
      get isHeld() {
        return isHeld();
      },
      thaw: async () => {
        this.#isFrozen = false;
      },
    };
  }

  onRead(): void {
    if (!this.#isFrozen) return;
    this.readsUntilThaw -= 1;
    if (this.readsUntilThaw <= 0) this.#isFrozen = false;
  }
}

export class ScannedWorld {
  readonly random: Random;
  readonly disks = SIZES.map((sizeBytes) => Buffer.alloc(sizeBytes));
  readonly replica = SIZES.map((sizeBytes) => Buffer.alloc(sizeBytes));
  readonly source: ScanSource;
  readonly clock: Clock;
  writes = 0;
  writeDuringReads = true;
  readonly freezer: WorldFreezer;
  /** What the kernel counts. */
  writeMark = (): string | undefined => String(this.writes);
  #nowNs = 1_000_000_000n;
  #wroteAtNs = 0n;

  constructor(seed: number, freeze?: { readonly intervalMs: number; readonly limitMs: number }) {
    this.random = seededRandom(seed);
    this.clock = {
      nowMs: () => Number(this.#nowNs / 1_000_000n),
      monotonicNs: () => this.#nowNs,
      sleep: async (durationMs) => {
        this.#nowNs += BigInt(Math.round(durationMs * 1e6));
      },
    };
    this.freezer = new WorldFreezer(this.clock);
    this.source = new ScanSource({
      disks: SIZES.map((sizeBytes, index) => ({
        diskId: `disk-${index}`,
        deviceName: `/dev/s${index}`,
        sizeBytes,
      })),
      reader: {
        readsInFlightMax: 2,
        read: async (range, use) => {
          if (this.writeDuringReads && this.random.integer(3) === 0) this.write();
          this.#nowNs += 1_000_000n;
          this.freezer.onRead();
          const disk = this.disks[range.diskIndex] ?? Buffer.alloc(0);
          return use(disk.subarray(range.offsetBytes, range.offsetBytes + range.lengthBytes));
        },
        close: async () => undefined,
      },
      writeMarks: SIZES.map(() => () => this.writeMark()),
      clock: this.clock,
      restMs: { least: 10, most: 20 },
      ...(freeze === undefined ? {} : { freeze: { freezer: this.freezer, ...freeze } }),
    });
    for (const [index, sizeBytes] of SIZES.entries()) {
      this.source.markDirty(index, { offsetBytes: 0, lengthBytes: sizeBytes });
    }
  }

  get lastWriteNs(): bigint {
    return this.#wroteAtNs;
  }

  passTime(durationMs: number): void {
    this.#nowNs += BigInt(durationMs * 1e6);
  }

  write(): void {
    if (this.freezer.keepsOut) return;
    const diskIndex = this.random.integer(this.disks.length);
    const disk = this.disks[diskIndex] ?? Buffer.alloc(0);
    const block = this.random.integer(Math.ceil(disk.length / BLOCK_BYTES));
    this.writes += 1;
    disk.writeUInt32LE(this.random.integer(4) === 0 ? 0 : this.writes, block * BLOCK_BYTES);
    this.#wroteAtNs = this.#nowNs;
  }

  apply(extents: readonly CapturedExtent[]): void {
    for (const { diskIndex, offsetBytes, lengthBytes, content } of extents) {
      const disk = this.replica[diskIndex];
      if (content === undefined) disk?.fill(0, offsetBytes, offsetBytes + lengthBytes);
      else content.copy(disk ?? Buffer.alloc(0), offsetBytes);
    }
  }

  /**
   * As the sender does: bulk while there is much, else the next cut; some of it is lost and asked for again.
   */
  async nextPoint(): Promise<Cut> {
    const signal = new AbortController().signal;
    for (;;) {
      const bulk = await this.source.takeBulk(2 * SCAN_CHUNK_BYTES);
      if (this.random.integer(8) === 0) this.#lose(bulk);
      else this.apply(bulk);
      if (bulk.length > 0) continue;
      const cut = await this.source.nextCut({ waitMs: this.random.integer(30), signal });
      // There is less on these disks than may be found under a freeze.
      assert.ok(!this.freezer.isFrozen, 'nothing is sent while it is frozen');
      if (cut === undefined) continue;
      this.apply(cut.extents);
      return cut;
    }
  }

  #lose(extents: readonly CapturedExtent[]): void {
    for (const extent of extents) this.source.markDirty(extent.diskIndex, extent);
  }

  isEqual(): boolean {
    return this.disks.every((disk, index) => this.replica[index]?.equals(disk));
  }

  dirtyBytes(): number {
    return SIZES.reduce((sum, _size, index) => sum + this.source.dirtyBytes(index), 0);
  }
}
