/**
 * One changed block in the fine phase: what happened to it and which versions of it were read (capture.md,
 * "Definitions").
 *
 * A version read in [rs, re] while no write to the block was in flight may stand for it at any T in [last
 * issue before re, first completion after rs): a crash during a write may leave the old or the new. What the
 * replica holds is a version too, good until the block's first completion.
 *
 * R1 a version exists only when no write was in flight anywhere in its window (overlapped reads tear inside a
 *    sector).
 * R2 versions are in reading order, so their lower and upper bounds never decrease.
 * R3 a discard raises the lower bound of what is read after it, and ends no version: nobody relies on
 *    discarded content.
 */
import { assert } from '@landfall/runtime';
import type { ReadTicket } from './read-ticket.ts';

export interface BlockVersion {
  readonly lowNs: number;
  /** Infinity while no write has completed since. */
  highNs: number;
  /** The block's `changeCount` when the version was read. */
  readonly changeCount: number;
  /** Its `discardCount` likewise. */
  readonly discardCount: number;
  /** `undefined`: all zero. */
  readonly content: Buffer | undefined;
}

export const VERSIONS_MAX = 6;

export class BlockRecord {
  readonly diskIndex: number;
  readonly block: number;
  readonly versions: BlockVersion[] = [];
  /** The replica's version is good before this; −Infinity: it holds nothing good. */
  replicaUntilNs: number;
  /** The read under way, if any. */
  ticket: ReadTicket | undefined;
  #lastIssueNs: number;
  #changeCount = 0;
  #discardCount = 0;
  readonly #outer = new ReadWindow();
  readonly #inner = new ReadWindow();

  constructor(options: {
    readonly diskIndex: number;
    readonly block: number;
    readonly lastIssueNs: number;
    readonly replicaUntilNs: number;
  }) {
    this.diskIndex = options.diskIndex;
    this.block = options.block;
    this.#lastIssueNs = options.lastIssueNs;
    this.replicaUntilNs = options.replicaUntilNs;
  }

  writeIssued(timeNs: number): void {
    this.#lastIssueNs = timeNs;
    this.#changeCount += 1;
    this.#outer.touch();
    this.#inner.touch();
  }

  writeCompleted(timeNs: number): void {
    this.#changeCount += 1;
    this.replicaUntilNs = Math.min(this.replicaUntilNs, timeNs);
    for (const version of this.versions) version.highNs = Math.min(version.highNs, timeNs);
    this.#outer.complete(timeNs);
    this.#inner.complete(timeNs);
  }

  discarded(timeNs: number): void {
    this.#lastIssueNs = timeNs;
    this.#discardCount += 1;
  }

  /** A discard has touched it: a version may have been read before that discard ended. */
  get wasDiscarded(): boolean {
    return this.#discardCount > 0;
  }

  /** No write has touched the block since its newest version. */
  get isRead(): boolean {
    return this.versions.at(-1)?.changeCount === this.#changeCount;
  }

  /** Only a discard has touched it since `version`. */
  isOnlyDiscardedSince(version: BlockVersion): boolean {
    return version.changeCount === this.#changeCount && version.discardCount !== this.#discardCount;
  }

  isUntouchedSince(version: BlockVersion): boolean {
    return version.changeCount === this.#changeCount && version.discardCount === this.#discardCount;
  }

  openWindow(which: 'outer' | 'inner', writeInFlight: boolean): void {
    const window = which === 'outer' ? this.#outer : this.#inner;
    window.open(writeInFlight, { changeCount: this.#changeCount, discardCount: this.#discardCount });
  }

  closeWindow(which: 'outer' | 'inner'): void {
    const window = which === 'outer' ? this.#outer : this.#inner;
    window.close(this.#lastIssueNs);
  }

  /**
   * Ends the read under way: keeps what was read unless a write overlapped it (R1). True when it was kept.
   */
  finishRead(useInner: boolean, content: Buffer | undefined): boolean {
    const window = useInner ? this.#inner : this.#outer;
    this.ticket = undefined;
    if (window.overlapped) return false;
    const { lowNs, highNs, changeCount, discardCount } = window;
    const previous = this.versions.at(-1);
    assert(previous === undefined || previous.lowNs <= lowNs, 'R2: versions are in reading order');
    this.versions.push({ lowNs, highNs, changeCount, discardCount, content });
    if (this.versions.length > VERSIONS_MAX) this.versions.shift();
    return true;
  }

  /**
   * The largest T ≤ `timeNs` at which the replica or a version stands for the block; −Infinity when there is
   * none.
   */
  latestValidNs(timeNs: number): number {
    if (timeNs < this.replicaUntilNs) return timeNs;
    let latestNs = this.replicaUntilNs - 1;
    for (const { lowNs, highNs } of this.versions) {
      const validNs = Math.min(timeNs, highNs - 1);
      if (validNs >= lowNs && validNs > latestNs) latestNs = validNs;
    }
    return latestNs;
  }

  /** The newest version that stands for the block at `timeNs`. */
  versionAt(timeNs: number): BlockVersion | undefined {
    return this.versions.findLast(({ lowNs, highNs }) => lowNs <= timeNs && timeNs < highNs);
  }

  /**
   * The replica now holds `version`; older ones and those that ended by `timeNs` can never be chosen again.
   */
  replicaTook(version: BlockVersion | undefined, timeNs: number): void {
    if (version !== undefined) {
      this.replicaUntilNs = version.highNs;
      this.versions.splice(0, this.versions.indexOf(version) + 1);
    }
    while (this.versions[0] !== undefined && this.versions[0].highNs <= timeNs + 1) this.versions.shift();
  }
}

/** The window of a read and what writes did in it. */
class ReadWindow {
  overlapped = true;
  lowNs = -Infinity;
  highNs = Infinity;
  changeCount = 0;
  discardCount = 0;
  #isOpen = false;

  open(
    writeInFlight: boolean,
    counts: { readonly changeCount: number; readonly discardCount: number },
  ): void {
    this.#isOpen = true;
    this.overlapped = writeInFlight;
    this.highNs = Infinity;
    this.changeCount = counts.changeCount;
    this.discardCount = counts.discardCount;
  }

  touch(): void {
    if (this.#isOpen) this.overlapped = true;
  }

  complete(timeNs: number): void {
    this.touch();
    this.highNs = Math.min(this.highNs, timeNs);
  }

  close(lastIssueNs: number): void {
    this.#isOpen = false;
    this.lowNs = lastIssueNs;
  }
}
