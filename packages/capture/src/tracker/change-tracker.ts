/**
 * The pure heart of the engine: events and reads in, cuts out, for all disks of the server together.
 *
 *                add(events) ──▶ timeline ──advance(W)──▶ maps and records ──▶ cutNs() ──▶ takeCut(T)
 *     readStarted / readFinished ──▲                             │
 *                                                 takeDirty (bulk), wantedReads (fine)
 *
 * Coarse phase: only maps. `takeDirty` clears bits before the blocks are read; every event handed out
 * afterwards sets them again, and blocks of requests in flight keep their bits, so whatever was touched
 * around the read is dirty again. Fine phase, when what is dirty fits the window: records and versions, from
 * which cuts are chosen.
 *
 * Writes begun before tracking have no issue in the trace: their completions may be taken for another
 * request's, and they may tear what is read. So there is no cut until each disk was seen idle once, by the
 * kernel's own count, and what was read before is forgotten then.
 *
 * Joining disks are tracked and copied in bulk, but are not part of cuts until `finishJoining`.
 *
 * T1 fine begins only when the watermark has passed the end of the last bulk read: every block not dirty then
 *    is in the replica as it was at that watermark.
 * T2 each cut is later than the one before and than the last bulk read.
 * T3 a block leaves the map only with a version nothing has touched since (C6 is the caller's: it asks again,
 *    or marks).
 */
import { assert } from '@landfall/runtime';
import { type Uncertainty, uncertaintyOf } from '../safety/uncertainty.ts';
import type { BlockEvent } from '../tracing/block-event.ts';
import { type IdleSighting, Timeline, type TimelineItem } from '../tracing/timeline.ts';
import type { DiskRange } from '../tracing/trace-source.ts';
import { type BulkRun, firstRun } from './bulk-run.ts';
import type { ChangeWatcher } from './chunk-watch.ts';
import { type CutBlock, largestCutNs } from './cut-planner.ts';
import type { BlockRange } from './dirty-map.ts';
import { DiskChanges } from './disk-changes.ts';
import { type HeldCounts, heldCountsOf } from './held-counts.ts';
import { BLOCK_BYTES, BLOCK_SECTORS, type ReadTicket, ticketsFor } from './read-ticket.ts';
import { takeBlock } from './take-block.ts';

export interface ChangeTrackerOptions {
  readonly sizesBytes: readonly number[];
  /** The fine phase holds at most this much; more is folded into the map. */
  readonly windowBytes: number;
  /** Disks whose first copy must not keep cuts of the others waiting. */
  readonly joining?: readonly number[];
}

/** Discarded blocks read again with one cut. */
const DISCARDED_BYTES_PER_CUT = 8 * 1024 * 1024;
/** Versions are kept in memory: beyond this many for each block of the window all is folded into the map. */
const VERSIONS_PER_WINDOW_BLOCK_MAX = 2;

export class ChangeTracker {
  readonly #disks: readonly DiskChanges[];
  readonly #windowBlocks: number;
  readonly #timeline = new Timeline();
  readonly #tickets = new Map<number, ReadTicket>();
  /** Disks on which writes begun before tracking may be in flight. */
  readonly #unsettled = new Set<number>();
  readonly #joining: Set<number>;
  readonly #watching = new Set<ChangeWatcher>();
  #fine = false;
  #cutAfterNs = -Infinity;
  #bulkEndNs = -Infinity;
  #keptCount = 0;
  #rejectedCount = 0;
  readonly changesOf = (diskIndex: number): DiskChanges => this.#disk(diskIndex);
  readonly heldCounts = (): HeldCounts => heldCountsOf(this.#disks, this.#timeline.pendingCount);

  constructor(options: ChangeTrackerOptions) {
    this.#disks = options.sizesBytes.map((sizeBytes, index) => new DiskChanges(index, sizeBytes));
    this.#windowBlocks = Math.max(1, Math.floor(options.windowBytes / BLOCK_BYTES));
    for (const disk of this.#disks) this.#unsettled.add(disk.diskIndex);
    this.#joining = new Set(options.joining);
  }

  get reachedNs(): number {
    return this.#timeline.reachedNs;
  }

  get lateCount(): number {
    return this.#timeline.lateCount;
  }

  get isFine(): boolean {
    return this.#fine;
  }

  /** False while writes begun before tracking may be in flight: there is no cut then. */
  get isSettled(): boolean {
    return this.#unsettled.size === 0;
  }

  /** Versions kept, and thrown away because a write overlapped the read. */
  get readCounts(): { readonly kept: number; readonly rejected: number } {
    return { kept: this.#keptCount, rejected: this.#rejectedCount };
  }

  get oldestInFlightNs(): number | undefined {
    const oldest = this.#disks.flatMap((disk) => disk.inFlight.oldestIssueNs ?? []);
    return oldest.length === 0 ? undefined : Math.min(...oldest);
  }

  get joining(): readonly number[] {
    return [...this.#joining];
  }

  /** From now on cuts are of all disks. */
  finishJoining(): void {
    this.#enterCoarse();
    this.#joining.clear();
  }

  dirtyBytes(diskIndex: number): number {
    return this.#disk(diskIndex).dirtyBytes;
  }

  /** No cut at or before `timeNs`. */
  forbidCutsThrough(timeNs: number): void {
    this.#cutAfterNs = Math.max(this.#cutAfterNs, timeNs);
  }

  markDirty(diskIndex: number, offsetBytes: number, lengthBytes: number): void {
    this.#enterCoarse();
    const disk = this.#disk(diskIndex);
    disk.demand(disk.blocksOf(offsetBytes, lengthBytes));
  }

  /** As if it had been discarded unseen. */
  markDiscarded(diskIndex: number, offsetBytes: number, lengthBytes: number): void {
    this.#enterCoarse();
    const disk = this.#disk(diskIndex);
    disk.markDiscarded(disk.blocksOf(offsetBytes, lengthBytes));
  }

  /**
   * What may differ from the replica, besides what was taken, `handedOver` last, and not yet acknowledged.
   */
  uncertain(handedOver: readonly DiskRange[]): Uncertainty & { kind: 'KNOWN' } {
    const disks = uncertaintyOf(this.#disks, this.#timeline);
    return { kind: 'KNOWN', isSettled: this.isSettled, disks, handedOver };
  }

  /** After a loss nothing that was known holds (C5): forget it all, and everything may differ. */
  reset(): void {
    this.#enterCoarse();
    for (const watcher of this.#watching) watcher.lostSight?.();
    this.#timeline.clear();
    for (const disk of this.#disks) {
      disk.loseSight();
      this.#unsettled.add(disk.diskIndex);
    }
  }

  // Events

  add(events: readonly BlockEvent[]): void {
    for (const event of events) this.#timeline.add(event.timeNs, { type: 'event', event });
  }

  /** The kernel counts no write in flight on the disk. */
  seenIdle(sighting: IdleSighting): void {
    this.#timeline.add(sighting.atNs, { type: 'idle', sighting });
  }

  /** Writes begun before tracking are taken to be over. */
  settle(timeNs: number): void {
    this.#unsettled.clear();
    this.#enterCoarse();
    this.forbidCutsThrough(timeNs);
  }

  /** Moves the watermark: everything at or before `throughNs` has surfaced, or happened after it. */
  advance(throughNs: number): void {
    this.#timeline.advance(throughNs, (timeNs, item) => this.#apply(timeNs, item));
  }

  /** Whether a read seen in the trace is one of ours; the others need not be kept. */
  ownsRead(diskIndex: number, sector: number, sectorCount: number): boolean {
    return this.#tickets.get(this.#ticketKey(diskIndex, sector))?.sectorCount === sectorCount;
  }

  // Bulk

  /**
   * Takes up to `bytesMax` of dirty blocks off the maps, lowest offsets first; they must be read after this
   * call.
   */
  takeDirty(bytesMax: number): BulkRun[] {
    this.#enterCoarse();
    this.#bulkEndNs = Infinity;
    const runs: BulkRun[] = [];
    let blocksLeft = Math.max(1, Math.floor(bytesMax / BLOCK_BYTES));
    for (const disk of this.#disks) {
      for (let run = firstRun(disk, blocksLeft); run !== undefined; run = firstRun(disk, blocksLeft)) {
        disk.forget(run);
        runs.push({ diskIndex: disk.diskIndex, ...run });
        blocksLeft -= run.blockCount;
      }
      disk.keepInFlightDirty();
    }
    return runs;
  }

  /** The taken blocks have been read, all of them before `timeNs`. */
  bulkFinished(timeNs: number): void {
    this.#bulkEndNs = timeNs;
    this.forbidCutsThrough(timeNs);
  }

  /** The taken blocks were not read, or not used. */
  restoreDirty(runs: readonly BulkRun[]): void {
    for (const run of runs) this.#disk(run.diskIndex).markDirty(run);
  }

  // Free space (free-space-search.ts), equality (chunk-watch.ts)

  /** Tells `watcher` of every change handed out from now on, until the result is called. */
  watch(watcher: ChangeWatcher): () => void {
    this.#watching.add(watcher);
    return () => this.#watching.delete(watcher);
  }

  /** Nobody relies on these blocks. Returns the bytes that were dirty, those being written excluded. */
  forget(diskIndex: number, runs: Iterable<BlockRange>, timeNs: number): number {
    this.#enterCoarse();
    this.forbidCutsThrough(timeNs);
    const disk = this.#disk(diskIndex);
    const beforeBytes = disk.dirtyBytes;
    for (const run of runs) disk.leaveOut(run);
    disk.keepInFlightDirty();
    return beforeBytes - disk.dirtyBytes;
  }

  // Fine phase

  /**
   * `too-much`: more is dirty than the window holds. `not-yet`: the watermark has not passed the last bulk
   * read.
   */
  enterFine(): 'fine' | 'too-much' | 'not-yet' {
    if (this.#fine) return 'fine';
    const dirtyBlocks = this.#cutDisks().reduce((sum, disk) => sum + disk.dirty.count, 0);
    if (dirtyBlocks > this.#windowBlocks) return 'too-much';
    if (this.reachedNs <= this.#bulkEndNs) return 'not-yet';
    for (const disk of this.#cutDisks()) disk.createRecords(this.reachedNs);
    this.#fine = true;
    return 'fine';
  }

  /** Adds some discarded blocks to what the next cut reads; it will not wait for them. */
  admitDiscarded(): void {
    assert(this.#fine, 'discarded blocks are admitted in the fine phase');
    let left = discardedBlocksPerCut();
    for (const disk of this.#cutDisks()) left -= disk.recordDiscarded(left, this.reachedNs);
  }

  /** Reads that blocks need before they have a current version; none for blocks being written. */
  wantedReads(): ReadTicket[] {
    return this.#disks.flatMap((disk) => {
      const wanted = [...disk.records.values()].filter(
        (record) => record.ticket === undefined && !record.isRead && !disk.isInFlight(record.block),
      );
      wanted.sort((left, right) => left.block - right.block);
      return ticketsFor(disk, wanted);
    });
  }

  readStarted(ticket: ReadTicket, timeNs: number): void {
    if (ticket.dead) return;
    for (const record of ticket.records) record.ticket = ticket;
    this.#tickets.set(this.#ticketKey(ticket.diskIndex, ticket.sector), ticket);
    this.#timeline.add(timeNs, { type: 'read-start', ticket });
  }

  readFinished(ticket: ReadTicket, timeNs: number, contents: readonly (Buffer | undefined)[]): void {
    if (ticket.dead) return;
    ticket.contents = contents;
    this.#timeline.add(timeNs, { type: 'read-end', ticket });
  }

  readFailed(ticket: ReadTicket): void {
    if (ticket.dead) return;
    this.#enterCoarse();
  }

  /** The latest instant all disks are consistent at and have versions for. */
  cutNs(): number | undefined {
    assert(this.#fine, 'cuts are chosen in the fine phase');
    if (!this.isSettled) return undefined;
    const records = this.#disks.flatMap((disk) => [...disk.records.values()]);
    const versionCount = records.reduce((sum, { versions }) => sum + versions.length, 0);
    if (versionCount > VERSIONS_PER_WINDOW_BLOCK_MAX * this.#windowBlocks + discardedBlocksPerCut()) {
      this.#enterCoarse();
      return undefined;
    }
    return largestCutNs(records, { afterNs: this.#cutAfterNs, throughNs: this.reachedNs });
  }

  /** The changed blocks as of `timeNs`, which `cutNs` gave; the replica is taken to have them from now on. */
  takeCut(timeNs: number): CutBlock[] {
    assert(
      timeNs > this.#cutAfterNs && timeNs <= this.reachedNs,
      'T2, C4: a cut lies behind the last, at most at W',
    );
    this.#cutAfterNs = timeNs;
    const blocks: CutBlock[] = [];
    for (const disk of this.#disks) {
      for (const record of disk.records.values()) takeBlock(disk, record, timeNs, blocks);
    }
    return blocks;
  }

  #apply(timeNs: number, item: TimelineItem): void {
    if (item.type === 'read-start') this.#openWindows(item.ticket, 'outer');
    else if (item.type === 'read-end') this.#finishRead(item.ticket);
    else if (item.type === 'idle') this.#applyIdle(item.sighting);
    else if (item.event.operation === 'read') this.#applyOwnRead(item.event);
    else this.#applyChange(item.event, timeNs);
  }

  #applyIdle({ diskIndex, atNs, issuedBeforeNs }: IdleSighting): void {
    this.#disk(diskIndex).forgetIssuedBefore(issuedBeforeNs);
    if (this.#unsettled.delete(diskIndex) && this.isSettled) this.settle(atNs);
  }

  #applyChange(event: BlockEvent, timeNs: number): void {
    const isCut = !this.#joining.has(event.diskIndex);
    if (this.#fine && isCut && !this.#recordsFit(event)) this.#enterCoarse();
    const disk = this.#disk(event.diskIndex);
    disk.apply(event, timeNs, this.#fine && isCut);
    for (const watcher of this.#watching) watcher.changed(disk, event);
  }

  /** Whether the event's blocks may all get records. */
  #recordsFit({ operation, sectorCount }: BlockEvent): boolean {
    if (operation === 'discard') return true;
    const blockCount = sectorCount / BLOCK_SECTORS + 1;
    return this.#recordCount() + blockCount <= this.#windowBlocks + discardedBlocksPerCut();
  }

  #applyOwnRead(event: BlockEvent): void {
    const ticket = this.#tickets.get(this.#ticketKey(event.diskIndex, event.sector));
    if (ticket === undefined || !ticket.isOpen || ticket.sectorCount !== event.sectorCount) return;
    if (event.kind === 'issue') {
      ticket.issueCount += 1;
      this.#openWindows(ticket, 'inner');
    } else if (event.kind === 'complete') {
      ticket.completeCount += 1;
      for (const record of ticket.records) record.closeWindow('inner');
    }
  }

  #openWindows(ticket: ReadTicket, which: 'outer' | 'inner'): void {
    if (ticket.dead) return;
    ticket.isOpen = true;
    const disk = this.#disk(ticket.diskIndex);
    for (const record of ticket.records) record.openWindow(which, disk.isInFlight(record.block));
  }

  #finishRead(ticket: ReadTicket): void {
    if (ticket.dead) return;
    this.#tickets.delete(this.#ticketKey(ticket.diskIndex, ticket.sector));
    ticket.records.forEach((record, index) => {
      record.closeWindow('outer');
      const kept = record.finishRead(ticket.seenOnceInTrace, ticket.contents[index]);
      if (kept) this.#keptCount += 1;
      else this.#rejectedCount += 1;
    });
  }

  #enterCoarse(): void {
    this.#fine = false;
    for (const disk of this.#disks) disk.records.clear();
    for (const ticket of this.#tickets.values()) ticket.dead = true;
    this.#tickets.clear();
  }

  #cutDisks(): readonly DiskChanges[] {
    return this.#disks.filter(({ diskIndex }) => !this.#joining.has(diskIndex));
  }

  #recordCount(): number {
    return this.#disks.reduce((sum, disk) => sum + disk.records.size, 0);
  }

  #ticketKey(diskIndex: number, sector: number): number {
    return sector * this.#disks.length + diskIndex;
  }

  #disk(diskIndex: number): DiskChanges {
    const disk = this.#disks[diskIndex];
    assert(disk !== undefined, 'a disk index is one of the engine’s disks');
    return disk;
  }
}

function discardedBlocksPerCut(): number {
  return DISCARDED_BYTES_PER_CUT / BLOCK_BYTES;
}
