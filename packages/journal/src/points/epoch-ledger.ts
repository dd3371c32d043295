/**
 * Which epochs exist, decided from the commit records of all disks (pure). An epoch is written to the disks
 * it changes, its participants, and every one of their commit records names all of them: the epoch exists if
 * and only if each has its record and they agree on the cut (J1). Epochs count up by one; those after a
 * missing one were never acknowledged, because acknowledgements go in order.
 *
 * Of the epochs the file `points` decides on, only those it lists are looked at: the others are dropped, and
 * compaction leaves some of their commit records and removes others.
 */
import type { EpochCommit } from '@landfall/model';
import { assert } from '@landfall/runtime';
import type { SealedCommit } from '../segments/segment-index.ts';
import { consistencyCode, consistencyFrom, countParticipants } from '../segments/segment-records.ts';
import type { ListedPoint, PointsDocument } from './points-document.ts';
import { RecoveryPointList } from './recovery-points.ts';

const INITIAL_ROWS = 256;
/** `missing` of an epoch no disk has mentioned, or whose disks disagree. */
const UNKNOWN = -1;
const CONFLICT = -2;

/** What of `points` decides which epochs are points. */
export type DecidedPoints = Pick<PointsDocument, 'throughEpoch' | 'points'>;
const NOTHING_DECIDED: DecidedPoints = { throughEpoch: 0, points: [] };

export class EpochLedger {
  readonly #base: EpochCommit;
  /** Points after the base that are listed; each has a row, and then the epochs after `#decidedEpoch`. */
  readonly #listed: readonly ListedPoint[];
  readonly #decidedEpoch: number;
  readonly #basePoint: ListedPoint | 'new' | undefined;
  #cutTimes = new Float64Array(INITIAL_ROWS);
  #cutMonotonics = new BigUint64Array(INITIAL_ROWS);
  #consistencies = new Uint8Array(INITIAL_ROWS);
  #missing = new Int16Array(INITIAL_ROWS).fill(UNKNOWN);

  constructor(base: EpochCommit, { throughEpoch, points }: DecidedPoints = NOTHING_DECIDED) {
    this.#base = base;
    this.#listed = points.filter(({ epoch }) => epoch > base.epoch);
    this.#decidedEpoch = Math.max(throughEpoch, base.epoch);
    const listedBase = points.find(({ epoch }) => epoch === base.epoch);
    this.#basePoint = throughEpoch < base.epoch ? 'new' : listedBase;
  }

  /** One disk has an intact commit record of an epoch. Each disk says each of its epochs once. */
  note(commit: SealedCommit): void {
    assert(commit.epoch > this.#base.epoch, `epoch ${commit.epoch} is in a segment, but the base is newer`);
    const row = this.#rowOf(commit.epoch);
    if (row === undefined) return;
    while (row >= this.#missing.length) this.#grow();
    const missing = this.#missing[row] as number;
    if (missing === UNKNOWN) this.#enter(row, commit);
    else if (missing <= 0 || !this.#agrees(row, commit)) this.#missing[row] = CONFLICT;
    else this.#missing[row] = missing - 1;
  }

  /** The newest epoch that exists, with every epoch before it that should. */
  get lastEpoch(): number {
    const end = this.#missing.findIndex((missing) => missing !== 0);
    return this.#epochOf(end < 0 ? this.#missing.length : end) - 1;
  }

  /** The recovery points up to `lastEpoch`, the base first if it is one. */
  points(lastEpoch: number): RecoveryPointList {
    const points = new RecoveryPointList();
    if (this.#basePoint === 'new') points.add(this.#base);
    else if (this.#basePoint !== undefined) points.add(this.#base, this.#basePoint.timelineMs);
    for (let row = 0; this.#epochOf(row) <= lastEpoch; row += 1) {
      const consistency = consistencyFrom(this.#consistencies[row] as number);
      assert(consistency !== undefined, 'a noted epoch has a known consistency');
      const clocks = {
        cutTimeMs: this.#cutTimes[row] as number,
        cutMonotonicNs: this.#cutMonotonics[row] as bigint,
      };
      points.add({ epoch: this.#epochOf(row), consistency, ...clocks }, this.#listed[row]?.timelineMs);
    }
    return points;
  }

  #rowOf(epoch: number): number | undefined {
    if (epoch > this.#decidedEpoch) return this.#listed.length + epoch - this.#decidedEpoch - 1;
    const row = lowerBound(this.#listed, epoch);
    return this.#listed[row]?.epoch === epoch ? row : undefined;
  }

  #epochOf(row: number): number {
    return this.#listed[row]?.epoch ?? this.#decidedEpoch + 1 + row - this.#listed.length;
  }

  #enter(row: number, commit: SealedCommit): void {
    this.#cutTimes[row] = commit.cutTimeMs;
    this.#cutMonotonics[row] = commit.cutMonotonicNs;
    this.#consistencies[row] = consistencyCode(commit.consistency);
    this.#missing[row] = countParticipants(commit.participants) - 1;
  }

  #agrees(row: number, commit: SealedCommit): boolean {
    return this.#cutTimes[row] === commit.cutTimeMs && this.#cutMonotonics[row] === commit.cutMonotonicNs;
  }

  #grow(): void {
    const rows = this.#missing.length * 2;
    const cutTimes = new Float64Array(rows);
    const cutMonotonics = new BigUint64Array(rows);
    const consistencies = new Uint8Array(rows);
    const missing = new Int16Array(rows).fill(UNKNOWN);
    cutTimes.set(this.#cutTimes);
    cutMonotonics.set(this.#cutMonotonics);
    consistencies.set(this.#consistencies);
    missing.set(this.#missing);
    this.#cutTimes = cutTimes;
    this.#cutMonotonics = cutMonotonics;
    this.#consistencies = consistencies;
    this.#missing = missing;
  }
}

function lowerBound(points: readonly ListedPoint[], epoch: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((points[middle]?.epoch ?? epoch) < epoch) low = middle + 1;
    else high = middle;
  }
  return low;
}
