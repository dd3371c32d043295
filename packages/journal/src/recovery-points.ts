/** The recovery points of a group, oldest first, in growing columns: ten a second all day must stay small. */
import type { Consistency, RecoveryPoint } from '@landfall/model';
import { assert } from '@landfall/runtime';
import { consistencyCode, consistencyFrom } from './segment-records.ts';

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
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** 0 when there is none. */
  get lastEpoch(): number {
    return this.#count === 0 ? 0 : (this.#epochs[this.#count - 1] as number);
  }

  get oldest(): RecoveryPoint | undefined {
    return this.#count === 0 ? undefined : this.#at(0);
  }

  get newest(): RecoveryPoint | undefined {
    return this.#count === 0 ? undefined : this.#at(this.#count - 1);
  }

  add(point: RecoveryPoint): void {
    assert(point.epoch > this.lastEpoch, 'epochs grow');
    if (this.#count === this.#epochs.length) this.#grow();
    this.#epochs[this.#count] = point.epoch;
    this.#cutTimes[this.#count] = point.cutTimeMs;
    this.#consistencies[this.#count] = consistencyCode(point.consistency);
    this.#count += 1;
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

  atOrBefore(timeMs: number): RecoveryPoint | undefined {
    return this.query({ toMs: timeMs, limit: 1 })[0];
  }

  find(epoch: number): RecoveryPoint | undefined {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#epochs[middle] as number) < epoch) low = middle + 1;
      else high = middle;
    }
    return low < this.#count && this.#epochs[low] === epoch ? this.#at(low) : undefined;
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
    epochs.set(this.#epochs);
    cutTimes.set(this.#cutTimes);
    consistencies.set(this.#consistencies);
    this.#epochs = epochs;
    this.#cutTimes = cutTimes;
    this.#consistencies = consistencies;
  }
}
