/**
 * Reads of the simulated disks. They take time, show in the trace like any other request (most of the time;
 * some are split by the block layer, some are not seen at all), and may tear where something is written.
 */
import type { BlockEventKind, DiskRange, DiskReader } from '@landfall/capture';
import { type Clock, OperationError, type Random } from '@landfall/runtime';
import { SECTOR_BYTES } from './sector-content.ts';
import type { SourceDisks } from './source-disks.ts';

const SUBMIT_NS_MAX = 20_000;
const READ_NS_MAX = 400_000;
const SLOW_READ_NS_MAX = 6e6;

export interface SimulatedReaderOptions {
  readonly disks: SourceDisks;
  readonly clock: Clock;
  readonly baseNs: bigint;
  readonly random: Random;
  readonly readsInFlightMax: number;
}

export class SimulatedReader implements DiskReader {
  readonly readsInFlightMax: number;
  /** All reads fail. */
  unreadable = false;
  /** The next so many fail. */
  failures = 0;
  readonly #options: SimulatedReaderOptions;

  constructor(options: SimulatedReaderOptions) {
    this.#options = options;
    this.readsInFlightMax = options.readsInFlightMax;
  }

  async read<Result>(range: DiskRange, use: (bytes: Buffer) => Result): Promise<Result> {
    const { disks, clock, random } = this.#options;
    const startNs = this.#nowNs();
    disks.planThrough(startNs);
    const window = this.#submit(range, startNs);
    await clock.sleep((window.endNs - startNs) / 1e6);
    disks.planThrough(this.#nowNs());
    this.#failIfTold();
    const bytes = Buffer.alloc(range.lengthBytes);
    const place = { diskIndex: range.diskIndex, sector: range.offsetBytes / SECTOR_BYTES };
    disks.read(bytes, place, { fromNs: window.fromNs, untilNs: window.doneNs - 1 });
    const result = use(bytes);
    bytes.fill(random.integer(256)); // What was read is valid only until `use` returns.
    return result;
  }

  async close(): Promise<void> {}

  #submit(range: DiskRange, startNs: number) {
    const { disks, random } = this.#options;
    const issueNs = startNs + 1 + random.integer(SUBMIT_NS_MAX);
    const isUnseen = random.integer(6) === 0;
    const isSplit = random.integer(8) === 0;
    const trace = (kind: BlockEventKind, timeNs: number) => {
      if (isUnseen) return timeNs;
      const sector = range.offsetBytes / SECTOR_BYTES;
      const sectorCount = range.lengthBytes / SECTOR_BYTES;
      return disks.traced.add({
        ...{ kind, operation: 'read', timeNs, sector, sectorCount },
        diskIndex: range.diskIndex,
      });
    };
    const fromNs = trace('issue', issueNs);
    if (isSplit) trace('issue', issueNs + 1);
    const durationNs = random.integer(random.integer(12) === 0 ? SLOW_READ_NS_MAX : READ_NS_MAX);
    const doneNs = fromNs + 1 + durationNs;
    const endNs = trace('complete', doneNs) + 1 + random.integer(SUBMIT_NS_MAX);
    return { fromNs, doneNs, endNs };
  }

  #failIfTold(): void {
    if (!this.unreadable && this.failures === 0) return;
    if (this.failures > 0) this.failures -= 1;
    throw new OperationError('DISK_UNREADABLE', 'the simulated disk cannot be read', { retryable: true });
  }

  #nowNs(): number {
    return Number(this.#options.clock.monotonicNs() - this.#options.baseNs);
  }
}
