/**
 * Which epochs exist, decided from the commit records of all disks (pure). An epoch is written to the disks
 * it changes, its participants, and every one of their commit records names all of them: the epoch exists if
 * and only if each has its record and they agree on the cut (J1). Epochs count up by one; those after a
 * missing one were never acknowledged, because acknowledgements go in order.
 */
import type { EpochCommit } from '@landfall/model';
import { assert } from '@landfall/runtime';
import { RecoveryPointList } from './recovery-points.ts';
import type { SealedCommit } from './segment-index.ts';
import { consistencyCode, consistencyFrom, countParticipants } from './segment-records.ts';

const INITIAL_ROWS = 256;
/** `missing` of an epoch no disk has mentioned, or whose disks disagree. */
const UNKNOWN = -1;
const CONFLICT = -2;

export class EpochLedger {
  readonly #base: EpochCommit;
  #cutTimes = new Float64Array(INITIAL_ROWS);
  #cutMonotonics = new BigUint64Array(INITIAL_ROWS);
  #consistencies = new Uint8Array(INITIAL_ROWS);
  #missing = new Int16Array(INITIAL_ROWS).fill(UNKNOWN);

  constructor(base: EpochCommit) {
    this.#base = base;
  }

  /** One disk has an intact commit record of an epoch. Each disk says each of its epochs once. */
  note(commit: SealedCommit): void {
    const row = commit.epoch - this.#base.epoch - 1;
    assert(row >= 0, `epoch ${commit.epoch} is in a segment, but the base is newer`);
    while (row >= this.#missing.length) this.#grow();
    const missing = this.#missing[row] as number;
    if (missing === UNKNOWN) this.#enter(row, commit);
    else if (missing <= 0 || !this.#agrees(row, commit)) this.#missing[row] = CONFLICT;
    else this.#missing[row] = missing - 1;
  }

  /** The newest epoch that exists, with every epoch before it. */
  get lastEpoch(): number {
    const end = this.#missing.findIndex((missing) => missing !== 0);
    return this.#base.epoch + (end < 0 ? this.#missing.length : end);
  }

  /** The recovery points up to `lastEpoch`, the base first. */
  points(lastEpoch: number): RecoveryPointList {
    const points = new RecoveryPointList();
    points.add(this.#base);
    for (let epoch = this.#base.epoch + 1; epoch <= lastEpoch; epoch += 1) {
      const row = epoch - this.#base.epoch - 1;
      const consistency = consistencyFrom(this.#consistencies[row] as number);
      assert(consistency !== undefined, 'a noted epoch has a known consistency');
      points.add({ epoch, cutTimeMs: this.#cutTimes[row] as number, consistency });
    }
    return points;
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
