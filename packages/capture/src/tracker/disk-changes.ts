/**
 * What is known of one disk's changes. Coarse: a bit per block. Fine (few blocks): also a record per block. A
 * record's block always has its bit, so folding fine into coarse is forgetting the records.
 *
 * A discard only sets the `discarded` map: its blocks are read again when there is time, and no cut waits for
 * them.
 * K1 a block is in at most one of `dirty` and `discarded`. K2 a record's block is in `dirty`.
 */
import { assert } from '@landfall/runtime';
import { type BlockEvent, SECTOR_BYTES } from '../tracing/block-event.ts';
import { BlockRecord } from './block-record.ts';
import { ChunkSet } from './chunk-set.ts';
import { type BlockRange, DirtyMap } from './dirty-map.ts';
import { InFlightRequests } from './in-flight-requests.ts';
import { BLOCK_BYTES, BLOCK_SECTORS } from './read-ticket.ts';

export class DiskChanges {
  readonly diskIndex: number;
  readonly sizeBytes: number;
  readonly dirty: DirtyMap;
  readonly discarded: DirtyMap;
  /** Writes. */
  readonly inFlight = new InFlightRequests();
  /** No cut waits for them; but what is read meanwhile may change without any event. */
  readonly discardsInFlight = new InFlightRequests();
  readonly records = new Map<number, BlockRecord>();
  /**
   * Chunks with blocks that may have been left out as free, so that the replica need not have them; at first
   * all, because an earlier process may have left some out.
   */
  readonly leftOut: ChunkSet;
  readonly #blockCount: number;

  constructor(diskIndex: number, sizeBytes: number) {
    this.diskIndex = diskIndex;
    this.sizeBytes = sizeBytes;
    this.#blockCount = Math.ceil(sizeBytes / BLOCK_BYTES);
    this.leftOut = new ChunkSet(sizeBytes);
    this.dirty = new DirtyMap(this.#blockCount);
    this.discarded = new DirtyMap(this.#blockCount);
  }

  get dirtyBytes(): number {
    return (this.dirty.count + this.discarded.count) * BLOCK_BYTES;
  }

  markDirty(range: BlockRange): void {
    this.dirty.setRange(range.firstBlock, range.blockCount);
    this.discarded.clearRange(range.firstBlock, range.blockCount);
  }

  /** Somebody wants the replica to have it, free or not. */
  demand(range: BlockRange): void {
    this.leftOut.deleteWhole(range, this.#blockCount);
    this.markDirty(range);
  }

  markAllDirty(): void {
    this.demand({ firstBlock: 0, blockCount: this.#blockCount });
  }

  /** Counts as replicated from now on. */
  forget({ firstBlock, blockCount }: BlockRange): void {
    this.dirty.clearRange(firstBlock, blockCount);
    this.discarded.clearRange(firstBlock, blockCount);
  }

  /** Nobody relies on it: the replica need not have it. */
  leaveOut(range: BlockRange): void {
    this.leftOut.addBlocks(range);
    this.forget(range);
  }

  /** Blocks of requests in flight are dirty: their writes may come after whatever is read of them. */
  keepInFlightDirty(): void {
    this.inFlight.forEach(({ sector, sectorCount }) => {
      this.markDirty(this.blocksOf(sector * SECTOR_BYTES, sectorCount * SECTOR_BYTES));
    });
  }

  /** All of the range except what is dirty already (K1). */
  markDiscarded({ firstBlock, blockCount }: BlockRange): void {
    this.discarded.setRange(firstBlock, blockCount);
    const end = firstBlock + blockCount;
    for (let from = firstBlock; from < end; ) {
      const run = this.dirty.firstRun(from, end - from);
      if (run === undefined || run.firstBlock >= end) break;
      const length = Math.min(run.blockCount, end - run.firstBlock);
      this.discarded.clearRange(run.firstBlock, length);
      from = run.firstBlock + length;
    }
  }

  /** The blocks a byte range touches, cut at the end of the disk. */
  blocksOf(offsetBytes: number, lengthBytes: number): BlockRange {
    const firstBlock = Math.min(this.#blockCount, Math.floor(offsetBytes / BLOCK_BYTES));
    const end = Math.min(this.#blockCount, Math.ceil((offsetBytes + lengthBytes) / BLOCK_BYTES));
    return { firstBlock, blockCount: end - firstBlock };
  }

  blocksOfEvent({ sector, sectorCount }: BlockEvent): BlockRange {
    return this.blocksOf(sector * SECTOR_BYTES, sectorCount * SECTOR_BYTES);
  }

  /** A write or discard event, in the order of time. `fine`: records are kept. */
  apply(event: BlockEvent, timeNs: number, fine: boolean): void {
    const range = this.blocksOfEvent(event);
    if (event.operation === 'discard') {
      this.#applyInFlight(this.discardsInFlight, event, timeNs);
      if (event.kind !== 'requeue') this.#applyDiscard(range, timeNs);
      return;
    }
    const known = this.#applyInFlight(this.inFlight, event, timeNs);
    if (event.kind === 'requeue' && known) return;
    if (fine) this.#applyToRecords(event, range, timeNs, known);
    this.markDirty(range);
  }

  /** A record for every dirty block; what the replica holds of them is taken as worthless. */
  createRecords(reachedNs: number): void {
    assert(this.records.size === 0, 'records are created once, on entering the fine phase');
    for (let block = this.dirty.firstDirty(); block !== undefined; block = this.dirty.firstDirty(block + 1)) {
      this.#addRecord({ block, lastIssueNs: reachedNs, replicaUntilNs: -Infinity });
    }
  }

  /**
   * Takes up to `blocksMax` discarded blocks into the fine phase. The replica's version of them stays good.
   */
  recordDiscarded(blocksMax: number, reachedNs: number): number {
    let taken = 0;
    for (; taken < blocksMax; taken += 1) {
      const block = this.discarded.firstDirty();
      if (block === undefined) break;
      this.markDirty({ firstBlock: block, blockCount: 1 });
      this.#addRecord({ block, lastIssueNs: reachedNs, replicaUntilNs: Infinity });
    }
    return taken;
  }

  /** Whether the device may change any of these blocks right now. */
  mayChange({ firstBlock, blockCount }: BlockRange): boolean {
    const [sector, sectorCount] = [firstBlock * BLOCK_SECTORS, blockCount * BLOCK_SECTORS];
    return [this.inFlight, this.discardsInFlight].some((requests) => requests.overlaps(sector, sectorCount));
  }

  /** Forgets requests whose completion was taken for another's. */
  forgetIssuedBefore(timeNs: number): void {
    this.inFlight.forgetIssuedBefore(timeNs);
    this.discardsInFlight.forgetIssuedBefore(timeNs);
  }

  /** Nothing that was known holds any more. */
  loseSight(): void {
    this.inFlight.clear();
    this.discardsInFlight.clear();
    this.markAllDirty();
  }

  /** A write is. */
  isInFlight(block: number): boolean {
    return this.inFlight.overlaps(block * BLOCK_SECTORS, BLOCK_SECTORS);
  }

  /**
   * False when a request ends, or is requeued, whose issue was not seen: what was read so far may be torn by
   * it.
   */
  #applyInFlight(inFlight: InFlightRequests, event: BlockEvent, timeNs: number): boolean {
    const { sector, sectorCount } = event;
    if (event.kind !== 'issue') return inFlight.end(sector, sectorCount);
    inFlight.issue(sector, sectorCount, timeNs);
    return true;
  }

  #applyToRecords(event: BlockEvent, range: BlockRange, timeNs: number, known: boolean): void {
    const end = range.firstBlock + range.blockCount;
    for (let block = range.firstBlock; block < end; block += 1) {
      const record = this.records.get(block) ?? this.#addChanged(block, timeNs, known);
      if (event.kind === 'issue') record.writeIssued(timeNs);
      else record.writeCompleted(timeNs);
    }
  }

  /**
   * A clean block changes. A completion whose issue is unknown may have overlapped what the replica holds.
   */
  #addChanged(block: number, timeNs: number, known: boolean): BlockRecord {
    return this.#addRecord({
      block,
      lastIssueNs: timeNs,
      replicaUntilNs: known ? Infinity : -Infinity,
    });
  }

  #addRecord(options: { block: number; lastIssueNs: number; replicaUntilNs: number }): BlockRecord {
    const record = new BlockRecord({ diskIndex: this.diskIndex, ...options });
    this.records.set(options.block, record);
    return record;
  }

  #applyDiscard(range: BlockRange, timeNs: number): void {
    const end = range.firstBlock + range.blockCount;
    if (this.records.size < range.blockCount) {
      for (const record of this.records.values()) {
        if (record.block >= range.firstBlock && record.block < end) record.discarded(timeNs);
      }
    } else {
      for (let block = range.firstBlock; block < end; block += 1) this.records.get(block)?.discarded(timeNs);
    }
    this.markDiscarded(range);
  }
}
