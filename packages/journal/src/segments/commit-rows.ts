/**
 * The commits of the segment that is still written, as the rows its index will have: 80 bytes each. Ten
 * epochs a second that change little make hundreds of thousands of them before the segment is full.
 */
import { assert } from '@landfall/runtime';
import { COMMIT_ROW_BYTES, decodeCommitRow, encodeCommitRow, type SealedCommit } from './segment-index.ts';

const INITIAL_ROWS = 64;

export class CommitRows {
  #bytes = Buffer.alloc(INITIAL_ROWS * COMMIT_ROW_BYTES);
  #count = 0;

  static from(commits: readonly SealedCommit[]): CommitRows {
    const rows = new CommitRows();
    for (const commit of commits) rows.add(commit);
    return rows;
  }

  get count(): number {
    return this.#count;
  }

  get last(): SealedCommit | undefined {
    return this.#count === 0 ? undefined : this.#at(this.#count - 1);
  }

  /** All of them, as they stand in the index. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#count * COMMIT_ROW_BYTES);
  }

  add(commit: SealedCommit): void {
    const end = this.#count * COMMIT_ROW_BYTES;
    if (end === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(end)]);
    encodeCommitRow(commit).copy(this.#bytes, end);
    this.#count += 1;
  }

  /** Forgets the epochs after `epoch`. */
  cutAfter(epoch: number): void {
    while (this.#count > 0 && this.#at(this.#count - 1).epoch > epoch) this.#count -= 1;
  }

  #at(row: number): SealedCommit {
    const from = row * COMMIT_ROW_BYTES;
    const commit = decodeCommitRow(this.#bytes.subarray(from, from + COMMIT_ROW_BYTES));
    assert(commit !== undefined, 'a row is what was added');
    return commit;
  }
}
