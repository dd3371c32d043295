/**
 * A disk reader that keeps within an impact budget, for bulk reads; what a cut waits for is read by the
 * reader below.
 *
 * G1 at least `floor` is read, whatever the budget says: twice what changes, and FLOOR_BYTES_PER_SECOND, so
 *    that a backlog always shrinks and a cut behind a bulk batch comes.
 * G2 reads begin in the order in which they were asked for.
 * G3 a quiet time is kept even so; it is short, and what it cost of the floor is made good afterwards.
 */
import { type Clock, OperationError } from '@landfall/runtime';
import type { DiskRange, DiskReader, UseBytes } from '../tracing/trace-source.ts';
import type { ImpactBudget } from './impact-budget.ts';
import type { WriteLatency } from './write-latency.ts';

export const FLOOR_BYTES_PER_SECOND = 4 * 1024 * 1024;
export const FLOOR_CHURN_FACTOR = 2;
/** The floor saves up for so long; at least a read of the largest kind. */
const FLOOR_BURST_MS = 250;
const READ_BYTES_MAX = 1024 * 1024;
const STEP_MS = 2;

export interface GentleReaderOptions {
  readonly reader: DiskReader;
  readonly budget: ImpactBudget;
  readonly latency: WriteLatency;
  /** What the disks change by, bytes a second, now. */
  readonly churn: () => number;
  readonly clock: Clock;
  /** What the times of the trace count from. */
  readonly baseNs: bigint;
}

/** Larger ones than those of a cut. */
export const BULK_READS_AT_ONCE_MAX = 16;

export function createGentleReader(options: GentleReaderOptions): DiskReader {
  return new GentleReader(options);
}

class GentleReader implements DiskReader {
  readonly #options: GentleReaderOptions;
  #inFlight = 0;
  #pausedUntilNs = 0;
  #floorBytes = 0;
  #floorFilledNs = 0;
  #closed = false;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: GentleReaderOptions) {
    this.#options = options;
  }

  get readsInFlightMax(): number {
    return Math.min(BULK_READS_AT_ONCE_MAX, this.#options.reader.readsInFlightMax);
  }

  async read<Result>(range: DiskRange, use: UseBytes<Result>): Promise<Result> {
    this.#turn = this.#turn.then(() => this.#enter(range.lengthBytes));
    await this.#turn;
    if (this.#closed) throw new OperationError('CAPTURE_STOPPED', 'the disks were closed before this read');
    const beganNs = this.#nowNs();
    try {
      return await this.#options.reader.read(range, use);
    } finally {
      this.#leave(beganNs);
    }
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#options.reader.close();
  }

  async #enter(lengthBytes: number): Promise<void> {
    const { clock, latency, budget } = this.#options;
    while (budget.isOn && !this.#isAllowed(lengthBytes)) {
      await clock.sleep(STEP_MS);
      if (this.#closed) break;
    }
    if (this.#inFlight === 0) latency.readingBegan(this.#nowNs());
    this.#inFlight += 1;
  }

  #isAllowed(lengthBytes: number): boolean {
    const { budget } = this.#options;
    const nowNs = this.#nowNs();
    this.#fillFloor(nowNs);
    if (budget.isQuiet(nowNs / 1e6)) return false;
    const gentle = this.#inFlight < budget.readsAtOnce && nowNs >= this.#pausedUntilNs;
    if (!gentle && (this.#floorBytes < lengthBytes || this.#inFlight >= this.readsInFlightMax)) return false;
    this.#floorBytes = Math.max(0, this.#floorBytes - lengthBytes);
    return true;
  }

  #fillFloor(nowNs: number): void {
    const bytesPerSecond = Math.max(FLOOR_BYTES_PER_SECOND, FLOOR_CHURN_FACTOR * this.#options.churn());
    const most = Math.max(READ_BYTES_MAX, (bytesPerSecond * FLOOR_BURST_MS) / 1000);
    const added = (bytesPerSecond * (nowNs - this.#floorFilledNs)) / 1e9;
    this.#floorBytes = Math.min(most, this.#floorBytes + added);
    this.#floorFilledNs = nowNs;
  }

  #leave(beganNs: number): void {
    const { latency, budget } = this.#options;
    const nowNs = this.#nowNs();
    this.#inFlight -= 1;
    if (this.#inFlight === 0) latency.readingEnded(nowNs);
    if (budget.isOn) this.#pausedUntilNs = nowNs + budget.pauseMs((nowNs - beganNs) / 1e6) * 1e6;
  }

  #nowNs(): number {
    return Number(this.#options.clock.monotonicNs() - this.#options.baseNs);
  }
}
