/** Which epochs end where in one segment: two growing columns of numbers, searched by epoch. */
const INITIAL_ROWS = 64;

export interface EpochSpan {
  readonly epoch: number;
  readonly fromBytes: number;
  readonly endBytes: number;
}

export class CommitLog {
  #epochs = new Float64Array(INITIAL_ROWS);
  #ends = new Float64Array(INITIAL_ROWS);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get firstEpoch(): number | undefined {
    return this.#count === 0 ? undefined : this.#epochs[0];
  }

  get lastEpoch(): number | undefined {
    return this.#count === 0 ? undefined : this.#epochs[this.#count - 1];
  }

  /** `endBytes`: the position after the epoch's commit record. */
  add(epoch: number, endBytes: number): void {
    if (this.#count === this.#epochs.length) this.#grow();
    this.#epochs[this.#count] = epoch;
    this.#ends[this.#count] = endBytes;
    this.#count += 1;
  }

  /** Records before this position belong to epochs up to `epoch`; 0 when none does. */
  endOf(epoch: number): number {
    const row = this.#rowsUpTo((index) => (this.#epochs[index] as number) <= epoch);
    return row === 0 ? 0 : (this.#ends[row - 1] as number);
  }

  /** Epochs in order, each with where its records begin and where its commit record ends. */
  *spans(startBytes: number): Generator<EpochSpan> {
    for (let row = 0; row < this.#count; row += 1) {
      const fromBytes = row === 0 ? startBytes : (this.#ends[row - 1] as number);
      yield { epoch: this.#epochs[row] as number, fromBytes, endBytes: this.#ends[row] as number };
    }
  }

  /** The epoch whose records include a position, if it is committed. */
  epochAt(positionBytes: number): number | undefined {
    const row = this.#rowsUpTo((index) => (this.#ends[index] as number) <= positionBytes);
    return row === this.#count ? undefined : this.#epochs[row];
  }

  *rows(): Generator<{ readonly epoch: number; readonly endBytes: number }> {
    for (let row = 0; row < this.#count; row += 1) {
      yield { epoch: this.#epochs[row] as number, endBytes: this.#ends[row] as number };
    }
  }

  /** Forgets the epochs after `epoch`. */
  cutAfter(epoch: number): void {
    this.#count = this.#rowsUpTo((index) => (this.#epochs[index] as number) <= epoch);
  }

  #rowsUpTo(isBefore: (row: number) => boolean): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(middle)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #grow(): void {
    const epochs = new Float64Array(this.#count * 2);
    const ends = new Float64Array(this.#count * 2);
    epochs.set(this.#epochs);
    ends.set(this.#ends);
    this.#epochs = epochs;
    this.#ends = ends;
  }
}
