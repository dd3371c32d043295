/**
 * Tests only: a transfer as it really goes, block by block, to hold forecasts against: disks with a hot
 * region and writes everywhere, a capacity that wanders, bulk from low offsets to high in batches. Nothing
 * of the forecast's own arithmetic is used here.
 */
import type { Random } from '@landfall/runtime';
import { type Measurements, PLACES, SAMPLES_MIN } from './measurements.ts';

const BLOCKS = 4096;
export const BLOCK_BYTES = 1_000_000;
const TICKS_A_SECOND = 10;
const BATCH_BLOCKS = 8;
const SETTLED_BLOCKS = 16;
const SECONDS_MAX = 2000;

export interface SimulatedTransfer {
  readonly measured: Measurements;
  /** How long it then took; Infinity when it had not ended after ten times its bytes. */
  readonly seconds: number;
}

export interface SimulatedTransferOptions {
  readonly random: Random;
  readonly measuredSeconds: number;
  /** Changed blocks a second, in parts of the mean capacity. */
  readonly churnShare: number;
}

export function simulateTransfer(options: SimulatedTransferOptions): SimulatedTransfer {
  const { measuredSeconds } = options;
  const world = new World(options);
  const capacity: number[] = [];
  const changed = { at200: [] as number[], at1000: [] as number[], all: [] as number[] };
  const places = new Array<number>(PLACES).fill(0);
  for (let second = 0; second < measuredSeconds; second += 1) {
    capacity.push(world.nextCapacity() * BLOCK_BYTES);
    const written = Array.from({ length: TICKS_A_SECOND }, () => world.writes());
    const flat = written.flat();
    for (const block of new Set(flat)) {
      const place = Math.floor((block * PLACES) / BLOCKS);
      places[place] = (places[place] ?? 0) + 1;
    }
    changed.all.push(flat.length * BLOCK_BYTES);
    changed.at1000.push(new Set(flat).size * BLOCK_BYTES);
    changed.at200.push(new Set(written.slice(0, 2).flat()).size * 5 * BLOCK_BYTES);
  }
  const total = places.reduce((sum, count) => sum + count, 0);
  return {
    measured: {
      bytesToGo: BLOCKS * BLOCK_BYTES,
      totalBytes: BLOCKS * BLOCK_BYTES,
      settledBytes: SETTLED_BLOCKS * BLOCK_BYTES,
      batchBytes: BATCH_BLOCKS * BLOCK_BYTES,
      toGoLies: 'FROM_END',
      stages: [{ stage: 'LINK', bytesPerSecond: capacity }],
      sampleSeconds: 1,
      unmeasured: [],
      churn: [
        { windowMs: 0, bytesPerSecond: changed.all },
        { windowMs: 200, bytesPerSecond: changed.at200 },
        { windowMs: 1000, bytesPerSecond: changed.at1000 },
      ],
      churnPlaces: total === 0 ? [] : places.map((count) => count / total),
    },
    seconds: measuredSeconds < SAMPLES_MIN ? 0 : world.transferSeconds(),
  };
}

class World {
  readonly #random: Random;
  readonly #mean: number;
  readonly #persistence: number;
  readonly #roughness: number;
  readonly #writesASecond: number;
  readonly #hot: { readonly first: number; readonly count: number; readonly percent: number };
  #deviation = 0;

  constructor({ random, churnShare }: SimulatedTransferOptions) {
    this.#random = random;
    this.#mean = 20 + random.integer(60);
    this.#persistence = random.integer(60) / 100;
    this.#roughness = (5 + random.integer(40)) / 100;
    this.#writesASecond = this.#mean * churnShare;
    const count = 16 + random.integer(400);
    this.#hot = { first: random.integer(BLOCKS - count), count, percent: random.integer(100) };
  }

  /** Blocks the next second can pass: wanders about its mean. */
  nextCapacity(): number {
    const noise = (this.#random.integer(2001) / 1000 - 1) * Math.sqrt(3) * this.#roughness;
    this.#deviation = this.#persistence * this.#deviation + noise;
    return Math.max(this.#mean / 20, this.#mean * (1 + this.#deviation));
  }

  /** Blocks written within a tick. */
  writes(): number[] {
    const expected = (this.#writesASecond / TICKS_A_SECOND) * (this.#random.integer(2001) / 1000);
    const count = Math.floor(expected) + (this.#random.integer(1000) / 1000 < expected % 1 ? 1 : 0);
    return Array.from({ length: count }, () => this.#place());
  }

  transferSeconds(): number {
    const dirty = new Uint8Array(BLOCKS).fill(1);
    let count = BLOCKS;
    let batch: number[] = [];
    let credit = 0;
    let perTick = 0;
    for (let tick = 0; tick < SECONDS_MAX * TICKS_A_SECOND; tick += 1) {
      if (tick % TICKS_A_SECOND === 0) perTick = this.nextCapacity() / TICKS_A_SECOND;
      credit += perTick;
      while (credit >= 1) {
        if (batch.length === 0) {
          if (count <= SETTLED_BLOCKS) return tick / TICKS_A_SECOND;
          batch = takeLowest(dirty, BATCH_BLOCKS);
          count -= batch.length;
        }
        batch.pop();
        credit -= 1;
      }
      for (const block of this.writes()) {
        if (dirty[block] === 0) count += 1;
        dirty[block] = 1;
      }
    }
    return Number.POSITIVE_INFINITY;
  }

  #place(): number {
    const { first, count, percent } = this.#hot;
    if (this.#random.integer(100) < percent) return first + this.#random.integer(count);
    return this.#random.integer(BLOCKS);
  }
}

function takeLowest(dirty: Uint8Array, blocksMax: number): number[] {
  const taken: number[] = [];
  for (
    let block = dirty.indexOf(1);
    block >= 0 && taken.length < blocksMax;
    block = dirty.indexOf(1, block)
  ) {
    dirty[block] = 0;
    taken.push(block);
  }
  return taken;
}
