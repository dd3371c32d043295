/**
 * The recovery points of a group, oldest first, in growing columns: ten a second all day must stay small. The
 * newest is always there, so the next epoch and the next place on the timeline follow from the list.
 */
import type { Consistency, RecoveryPoint } from '@landfall/model';
import { assert } from '@landfall/runtime';
import { consistencyCode, consistencyFrom } from '../segments/segment-records.ts';
import type { AgedPoint } from './retention-policy.ts';
import { type CutClocks, elapsedMs } from './source-timeline.ts';

export interface RecoveryPointQuery {
  /** Cut time, both ends included. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** At most this many; 1000 when not given. */
  readonly limit?: number;
}

const LIMIT_DEFAULT = 1000;
const INITIAL_ROWS = 256;

export class RecoveryPointList {
  #epochs = new Float64Array(INITIAL_ROWS);
  #cutTimes = new Float64Array(INITIAL_ROWS);
  #consistencies = new Uint8Array(INITIAL_ROWS);
  #timeline = new Float64Array(INITIAL_ROWS);
  #count = 0;
  #lastCut: CutClocks | undefined;

  get count(): number {
    return this.#count;
  }

  /** 0 when there is none. */
  get lastEpoch(): number {
    return this.#count === 0 ? 0 : (this.#epochs[this.#count - 1] as number);
  }

  /** Where the newest is on the timeline of the source. */
  get timelineMs(): number {
    return this.#count === 0 ? 0 : (this.#timeline[this.#count - 1] as number);
  }

  get oldest(): RecoveryPoint | undefined {
    return this.#count === 0 ? undefined : this.#at(0);
  }

  get newest(): RecoveryPoint | undefined {
    return this.#count === 0 ? undefined : this.#at(this.#count - 1);
  }

  /** The oldest that is not among these. */
  oldestBut(epochs: ReadonlySet<number>): RecoveryPoint | undefined {
    let row = 0;
    while (row < this.#count && epochs.has(this.#epochs[row] as number)) row += 1;
    return row === this.#count ? undefined : this.#at(row);
  }

  /** `timelineMs`: when it is known already; otherwise it follows from the point before. */
  add(point: RecoveryPoint & CutClocks, timelineMs = this.#nextTimelineMs(point)): void {
    assert(point.epoch > this.lastEpoch, 'epochs grow');
    if (this.#count === this.#epochs.length) this.#grow();
    this.#epochs[this.#count] = point.epoch;
    this.#cutTimes[this.#count] = point.cutTimeMs;
    this.#consistencies[this.#count] = consistencyCode(point.consistency);
    this.#timeline[this.#count] = timelineMs;
    this.#lastCut = { cutTimeMs: point.cutTimeMs, cutMonotonicNs: point.cutMonotonicNs };
    this.#count += 1;
  }

  /** Oldest first, each at its place on the timeline. */
  aged(): AgedPoint[] {
    return Array.from({ length: this.#count }, (_, row) => ({
      epoch: this.#epochs[row] as number,
      consistency: this.#at(row).consistency,
      timelineMs: this.#timeline[row] as number,
    }));
  }

  /** Forgets points; the newest stays. */
  drop(dropped: ReadonlySet<number>): void {
    assert(!dropped.has(this.lastEpoch), 'the newest recovery point is never dropped');
    let target = 0;
    for (let row = 0; row < this.#count; row += 1) {
      if (dropped.has(this.#epochs[row] as number)) continue;
      this.#epochs[target] = this.#epochs[row] as number;
      this.#cutTimes[target] = this.#cutTimes[row] as number;
      this.#consistencies[target] = this.#consistencies[row] as number;
      this.#timeline[target] = this.#timeline[row] as number;
      target += 1;
    }
    this.#count = target;
  }

  /** The oldest point at an epoch or after it; Infinity when there is none yet. */
  firstFrom(epoch: number): number {
    const row = this.#rowFrom(epoch);
    return row < this.#count ? (this.#epochs[row] as number) : Number.POSITIVE_INFINITY;
  }

  /** Newest first. The source's clock may have jumped, so cut times need not be in order. */
  query(query: RecoveryPointQuery): RecoveryPoint[] {
    const {
      fromMs = Number.NEGATIVE_INFINITY,
      toMs = Number.POSITIVE_INFINITY,
      limit = LIMIT_DEFAULT,
    } = query;
    const found: RecoveryPoint[] = [];
    for (let row = this.#count - 1; row >= 0 && found.length < limit; row -= 1) {
      const cutTimeMs = this.#cutTimes[row] as number;
      if (cutTimeMs >= fromMs && cutTimeMs <= toMs) found.push(this.#at(row));
    }
    return found;
  }

  /** Where a point is on the timeline of the source. */
  timelineOf(epoch: number): number | undefined {
    const row = this.#rowFrom(epoch);
    return row < this.#count && this.#epochs[row] === epoch ? this.#timeline[row] : undefined;
  }

  atOrBefore(timeMs: number): RecoveryPoint | undefined {
    return this.query({ toMs: timeMs, limit: 1 })[0];
  }

  find(epoch: number): RecoveryPoint | undefined {
    const row = this.#rowFrom(epoch);
    return row < this.#count && this.#epochs[row] === epoch ? this.#at(row) : undefined;
  }

  #rowFrom(epoch: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#epochs[middle] as number) < epoch) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #nextTimelineMs(point: CutClocks): number {
    if (this.#lastCut === undefined) return point.cutTimeMs;
    return (this.#timeline[this.#count - 1] as number) + elapsedMs(this.#lastCut, point);
  }

  #at(row: number): RecoveryPoint {
    const consistency: Consistency | undefined = consistencyFrom(this.#consistencies[row] as number);
    assert(consistency !== undefined, 'a recovery point has a known consistency');
    return { epoch: this.#epochs[row] as number, cutTimeMs: this.#cutTimes[row] as number, consistency };
  }

  #grow(): void {
    const epochs = new Float64Array(this.#count * 2);
    const cutTimes = new Float64Array(this.#count * 2);
    const consistencies = new Uint8Array(this.#count * 2);
    const timeline = new Float64Array(this.#count * 2);
    epochs.set(this.#epochs);
    cutTimes.set(this.#cutTimes);
    consistencies.set(this.#consistencies);
    this.#epochs = epochs;
    this.#cutTimes = cutTimes;
    this.#consistencies = consistencies;
    timeline.set(this.#timeline);
    this.#timeline = timeline;
  }
}
