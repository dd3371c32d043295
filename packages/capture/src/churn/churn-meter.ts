/**
 * How fast disks change, from the same events the tracker sees: bytes of every write as it came, and
 * distinct bytes within windows of several lengths, for rewriting a block is sent once. Each window is made
 * of the shorter ones before it, so an event costs one set, whatever the number of windows.
 *
 * Time is the events' own, moved on by `advance` when nothing happens; late events count for the window
 * that is open.
 */
import { type BlockEvent, SECTOR_BYTES } from '../tracing/block-event.ts';
import { BLOCK_BYTES } from '../tracker/read-ticket.ts';
import { DistinctBlocks } from './distinct-blocks.ts';

/** Each a multiple of the one before. */
export const CHURN_WINDOWS_MS = [250, 1000, 10_000, 60_000] as const;
/** What a report needs to know of the past; the oldest give way. */
export const CHURN_SAMPLES_MAX = 300;
/** Parts of all disks together. */
export const CHURN_PLACES = 16;

export interface ChurnWindow {
  /** 0: every write counted, over windows of one second. */
  readonly windowMs: number;
  readonly bytesPerSecond: readonly number[];
}

export interface Churn {
  readonly windows: readonly ChurnWindow[];
  /** Share of the changes by place, in the order of offsets; empty while there were none. */
  readonly places: readonly number[];
}

interface Level {
  readonly windowMs: number;
  readonly distinct: DistinctBlocks;
  readonly samples: number[];
  endsNs: number;
}

const RECENT_WINDOWS = 8;
const WRITTEN_WINDOW_MS = 1000;
/** No device takes so much data at once: it is zeroes by command, and those travel as a range. */
const DATA_BYTES_MAX = 32 * 1024 * 1024;

export class ChurnMeter {
  readonly #firstBlocks: readonly number[];
  readonly #blockCount: number;
  readonly #levels: readonly Level[];
  readonly #written: { readonly samples: number[]; bytes: number; endsNs: number };
  readonly #places = new Array<number>(CHURN_PLACES).fill(0);

  /** Sizes in the order of disk indexes; the first window begins at `nowNs` of the events' clock. */
  constructor(sizesBytes: readonly number[], nowNs: number) {
    let blocks = 0;
    this.#firstBlocks = sizesBytes.map((sizeBytes) => {
      const first = blocks;
      blocks += Math.ceil(sizeBytes / BLOCK_BYTES);
      return first;
    });
    this.#blockCount = blocks;
    this.#levels = CHURN_WINDOWS_MS.map((windowMs) => ({
      ...{ windowMs, distinct: new DistinctBlocks(), samples: [], endsNs: nowNs + windowMs * 1e6 },
    }));
    this.#written = { samples: [], bytes: 0, endsNs: nowNs + WRITTEN_WINDOW_MS * 1e6 };
  }

  add(events: readonly BlockEvent[]): void {
    for (const event of events) {
      if (event.operation === 'write' && event.kind === 'complete') this.#addWrite(event);
    }
  }

  /** Nothing of before this is still to come. */
  advance(nowNs: number): void {
    const [shortest] = this.#levels;
    while (shortest !== undefined && shortest.endsNs <= nowNs) {
      const endNs = shortest.endsNs;
      this.#closeThrough(endNs);
      this.#countWritten(endNs);
    }
  }

  /** Distinct bytes a second over the last RECENT_WINDOWS of the shortest windows. */
  get recentBytesPerSecond(): number {
    const recent = this.#levels[0]?.samples.slice(-RECENT_WINDOWS) ?? [];
    return recent.reduce((sum, rate) => sum + rate, 0) / Math.max(1, recent.length);
  }

  churn(): Churn {
    const written = { windowMs: 0, bytesPerSecond: [...this.#written.samples] };
    const distinct = this.#levels.map(({ windowMs, samples }) => ({
      windowMs,
      bytesPerSecond: [...samples],
    }));
    const total = this.#places.reduce((sum, count) => sum + count, 0);
    const places = total === 0 ? [] : this.#places.map((count) => count / total);
    return { windows: [written, ...distinct], places };
  }

  #addWrite({ diskIndex, sector, sectorCount, timeNs }: BlockEvent): void {
    this.advance(timeNs);
    const lengthBytes = sectorCount * SECTOR_BYTES;
    if (lengthBytes > DATA_BYTES_MAX) return;
    this.#written.bytes += lengthBytes;
    const first = Math.floor((sector * SECTOR_BYTES) / BLOCK_BYTES);
    const end = Math.ceil((sector * SECTOR_BYTES + lengthBytes) / BLOCK_BYTES);
    const base = this.#firstBlocks[diskIndex] ?? 0;
    for (let block = first; block < end; block += 1) this.#levels[0]?.distinct.add(base + block);
  }

  #closeThrough(endNs: number): void {
    this.#levels.forEach((level, index) => {
      if (level.endsNs > endNs) return;
      keepSample(level.samples, (level.distinct.count * BLOCK_BYTES * 1000) / level.windowMs);
      if (level.windowMs === WRITTEN_WINDOW_MS) this.#countPlaces(level.distinct);
      this.#levels[index + 1]?.distinct.merge(level.distinct);
      level.distinct.clear();
      level.endsNs += level.windowMs * 1e6;
    });
  }

  #countWritten(endNs: number): void {
    const written = this.#written;
    if (written.endsNs > endNs) return;
    keepSample(written.samples, (written.bytes * 1000) / WRITTEN_WINDOW_MS);
    written.bytes = 0;
    written.endsNs += WRITTEN_WINDOW_MS * 1e6;
  }

  #countPlaces(distinct: DistinctBlocks): void {
    distinct.forEach((block) => {
      const place = Math.min(CHURN_PLACES - 1, Math.floor((block * CHURN_PLACES) / this.#blockCount));
      this.#places[place] = (this.#places[place] ?? 0) + distinct.weight;
    });
  }
}

function keepSample(samples: number[], sample: number): void {
  samples.push(sample);
  if (samples.length > CHURN_SAMPLES_MAX) samples.shift();
}
