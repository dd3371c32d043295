/**
 * Scan mode: where the kernel shows no block events, all disks are read again and again, one *pass* after
 * another, and chunks whose hash is another than before are sent. An epoch is a complete pass.
 *
 * S1 nothing acknowledged before a pass began is missing from its epoch: every chunk is read after that.
 * S2 its recovery point is SCANNED, no cut: later writes may be in it in part. Only when the kernel's own
 *    counters say that no write was under way or ended on any disk from the beginning of the pass to its
 *    end, what was read is what the disks held all the time, and the point is a cut like any other.
 * S3 the point is as old as the pass: its time is when the pass began (S1), or for a cut when it ended (S2).
 * S4 with `freeze`, a pass that was written into goes on under a freeze of the file systems: once nothing is
 *    under way any more, the disks that were written since the pass began are read again. Its point is a cut
 *    only when the counters stood still from then to the end of the reading; that a freeze was asked for, or
 *    held, proves nothing, because not all that writes is a file system.
 *
 * Between passes the disks rest for as long as the pass took, within bounds: the mode costs the source half
 * of its time at most. The counters do not count commands past the block layer (SG_IO); nobody can tell of
 * those.
 */
import { hash } from 'node:crypto';
import { assert, type Clock, mapAtOnce, OperationError } from '@landfall/runtime';
import { isZero } from '../engine/block-contents.ts';
import type { CapturedExtent, Cut, EpochSource } from '../engine/epoch-source.ts';
import type { FreezeHold } from '../freeze/disk-freezer.ts';
import { type FreezeFacts, type FreezeOptions, ScanFreeze } from '../freeze/scan-freeze.ts';
import type { DiskReader } from '../tracing/trace-source.ts';
import { type Chunk, ChunkHashes, SCAN_CHUNK_BYTES } from './chunk-hashes.ts';

export interface ScanSourceOptions {
  readonly disks: EpochSource['disks'];
  readonly reader: DiskReader;
  /**
   * By disk: a text that changes with every write that ends; `undefined` while one is under way, or when the
   * kernel does not count.
   */
  readonly writeMarks: readonly (() => string | undefined)[];
  readonly clock: Clock;
  /** Makes cuts of some passes that were written into. */
  readonly freeze?: FreezeOptions;
  readonly restMs?: { readonly least: number; readonly most: number };
}

export interface ScanStats {
  readonly passes: number;
  /** Passes during which nothing was written: their points are cuts. */
  readonly quietPasses: number;
  readonly lastPassDurationMs: number | undefined;
  /** Only with `freeze`. */
  readonly freeze: FreezeFacts | undefined;
}

/** Also the longest that somebody who asks for a recovery point waits for a pass to begin. */
const REST_MS = { least: 1000, most: 20_000 };
/** Changed chunks found and not yet taken; the pass waits beyond that. */
const FOUND_BYTES_MAX = 8 * 1024 * 1024;
/** The same under a freeze, which is not to wait for the link if it can be helped. */
const FOUND_FROZEN_BYTES_MAX = 64 * 1024 * 1024;
const WAIT_STEP_MS = 50;
/** Each is held until it has been hashed. */
const CHUNKS_AT_ONCE_MAX = 16;
const SETTLE_STEP_MS = 5;
/** Nothing new comes under a freeze of all that writes: what takes longer never ends, or is not counted. */
const SETTLE_MS_MAX = 1000;

const UNSETTLED = 'writes are under way all the time, or the kernel does not count them';
const THAWED_EARLY = 'it was thawed before its end';

type Marks = readonly (string | undefined)[];

interface Pass {
  readonly beganMs: number;
  readonly beganNs: bigint;
  readonly marks: Marks;
  /** What was read, and the time that took. */
  readBytes: number;
  readNs: bigint;
  frozen: Frozen | undefined;
  /** One freeze a pass. */
  wasFrozen: boolean;
}

interface Frozen {
  readonly hold: FreezeHold;
  readonly beganNs: bigint;
  /** From when nothing was under way on any disk; before, those of the pass. */
  marks: Marks;
}

export class ScanSource implements EpochSource {
  readonly disks: EpochSource['disks'];
  /** Nothing can be lost sight of: everything is read in every pass. */
  readonly generation = 0;
  readonly #options: ScanSourceOptions;
  readonly #hashes: ChunkHashes;
  readonly #stopping = new AbortController();
  readonly #freeze: ScanFreeze | undefined;
  #found: CapturedExtent[] = [];
  #pass: Pass | undefined;
  #restUntilNs = 0n;
  #busy = false;
  #passes = 0;
  #quietPasses = 0;
  #lastPassDurationMs: number | undefined;

  constructor(options: ScanSourceOptions) {
    this.#options = options;
    this.disks = options.disks;
    this.#freeze = options.freeze && new ScanFreeze(options.freeze, options.clock);
    this.#hashes = new ChunkHashes(options.disks.map(({ sizeBytes }) => sizeBytes));
  }

  stats(): ScanStats {
    const lastPassDurationMs = this.#lastPassDurationMs;
    const freeze = this.#freeze?.facts;
    return { passes: this.#passes, quietPasses: this.#quietPasses, lastPassDurationMs, freeze };
  }

  dirtyBytes(diskIndex: number): number {
    const found = this.#found.filter((extent) => extent.diskIndex === diskIndex);
    const sizeBytes = this.disks[diskIndex]?.sizeBytes ?? 0;
    return Math.min(sizeBytes, this.#hashes.unknownBytes(diskIndex) + lengthOf(found));
  }

  markDirty(diskIndex: number, extent: { readonly offsetBytes: number; readonly lengthBytes: number }): void {
    this.#hashes.forget(diskIndex, extent);
  }

  takeBulk(bytesMax: number): Promise<readonly CapturedExtent[]> {
    return this.#exclusively(async () => {
      if (this.#found.length === 0)
        await this.#readUnknown(Math.max(1, Math.floor(bytesMax / SCAN_CHUNK_BYTES)));
      return this.#found.splice(0);
    });
  }

  nextCut(options: { readonly waitMs: number; readonly signal: AbortSignal }): Promise<Cut | undefined> {
    return this.#exclusively(async () => {
      const { clock } = this.#options;
      const signal = AbortSignal.any([options.signal, this.#stopping.signal]);
      const deadlineNs = clock.monotonicNs() + BigInt(Math.round(options.waitMs * 1e6));
      for (;;) {
        signal.throwIfAborted();
        if (this.#isResting()) await clock.sleep(WAIT_STEP_MS, signal);
        else if ((await this.#advance()) && !(await this.#beginFreeze(signal))) return this.#endPass();
        if (lengthOf(this.#found) >= this.#foundBytesMax || this.#isLate(deadlineNs)) return undefined;
      }
    });
  }

  /** Pending calls reject. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort(new OperationError('CAPTURE_STOPPED', 'scanning was stopped'));
    while (this.#busy) await this.#options.clock.sleep(1);
    await this.#pass?.frozen?.hold.thaw();
    await this.#options.reader.close();
  }

  #isResting(): boolean {
    return this.#pass === undefined && this.#options.clock.monotonicNs() < this.#restUntilNs;
  }

  /** Never under a freeze, which would last while what was found is sent; that it ends is the hold's part. */
  #isLate(deadlineNs: bigint): boolean {
    return this.#pass?.frozen === undefined && this.#options.clock.monotonicNs() > deadlineNs;
  }

  get #foundBytesMax(): number {
    return this.#pass?.frozen === undefined ? FOUND_BYTES_MAX : FOUND_FROZEN_BYTES_MAX;
  }

  /** Reads some more; true when the pass is complete and nothing the sender wants is left. */
  async #advance(): Promise<boolean> {
    this.#beginPass();
    if (this.#pass?.frozen?.hold.isHeld === false) await this.#endFreeze(THAWED_EARLY);
    const readsInFlightMax = Math.min(this.#options.reader.readsInFlightMax, CHUNKS_AT_ONCE_MAX);
    const unread = this.#hashes.nextUnread(readsInFlightMax);
    const chunks = unread.length > 0 ? unread : this.#hashes.nextUnknown(readsInFlightMax);
    if (chunks.length === 0) return true;
    await this.#read(chunks);
    return false;
  }

  /** A first copy is a pass as well: what is read in bulk need not be read again for the first point. */
  async #readUnknown(countMax: number): Promise<void> {
    const chunks = this.#hashes.nextUnknown(countMax);
    if (chunks.length === 0) return;
    this.#beginPass();
    await this.#read(chunks);
  }

  #beginPass(): void {
    if (this.#pass !== undefined) return;
    const { clock } = this.#options;
    this.#hashes.beginPass();
    // The marks first: what ends between them and the first read is taken for a write during the pass.
    const marks = this.#readMarks();
    this.#pass = {
      ...{ marks, beganMs: clock.nowMs(), beganNs: clock.monotonicNs() },
      ...{ readBytes: 0, readNs: 0n, frozen: undefined, wasFrozen: false },
    };
  }

  /** S4. True when there is something to be read under a freeze now. */
  async #beginFreeze(signal: AbortSignal): Promise<boolean> {
    const pass = this.#pass;
    const freeze = this.#freeze;
    if (pass === undefined || freeze === undefined || pass.wasFrozen) return false;
    if (this.#isQuietSince(pass.marks) || !freeze.isDue) return false;
    pass.wasFrozen = true;
    const hold = await freeze.begin(
      this.#millisecondsFor(pass, writtenBetween(pass.marks, this.#readMarks())),
    );
    if (hold === undefined) return false;
    // Before anything that can fail: what ends the freeze then is told of it here.
    pass.frozen = { hold, beganNs: this.#options.clock.monotonicNs(), marks: pass.marks };
    return await this.#settle(pass, pass.frozen, signal);
  }

  /** True when nothing is under way any more; otherwise the freeze is ended. */
  async #settle(pass: Pass, frozen: Frozen, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    const lastNs = frozen.beganNs + BigInt(SETTLE_MS_MAX * 1e6);
    for (;;) {
      frozen.marks = this.#readMarks();
      if (!frozen.marks.includes(undefined)) break;
      if (!frozen.hold.isHeld || clock.monotonicNs() >= lastNs) {
        await this.#endFreeze(frozen.hold.isHeld ? UNSETTLED : THAWED_EARLY);
        return false;
      }
      await clock.sleep(SETTLE_STEP_MS, signal);
    }
    this.#hashes.beginPass(writtenBetween(pass.marks, frozen.marks));
    return true;
  }

  /** Under the freeze, or when it is over too early. */
  async #endFreeze(failure: string | undefined): Promise<void> {
    const frozen = this.#pass?.frozen;
    if (frozen === undefined || this.#pass === undefined) return;
    this.#pass.frozen = undefined;
    await frozen.hold.thaw();
    const frozenMs = Number(this.#options.clock.monotonicNs() - frozen.beganNs) / 1e6;
    if (failure === undefined) this.#freeze?.succeeded(frozenMs);
    else this.#freeze?.failed(failure);
  }

  #millisecondsFor(pass: Pass, diskIndexes: readonly number[]): number {
    const bytes = diskIndexes.reduce((sum, index) => sum + (this.disks[index]?.sizeBytes ?? 0), 0);
    return (bytes / Math.max(1, pass.readBytes)) * (Number(pass.readNs) / 1e6);
  }

  async #endPass(): Promise<Cut> {
    const pass = this.#pass;
    assert(pass !== undefined && this.#hashes.isPassComplete, 'S1: every chunk was read in the pass');
    const { clock, restMs = REST_MS } = this.#options;
    const endedMs = clock.nowMs();
    const endedNs = clock.monotonicNs();
    const isQuiet = this.#isQuietSince(pass.frozen?.marks ?? pass.marks);
    await this.#endFreeze(isQuiet ? undefined : 'the disks were written although they were frozen');
    const durationMs = Number(endedNs - pass.beganNs) / 1e6;
    this.#pass = undefined;
    this.#passes += 1;
    this.#quietPasses += isQuiet ? 1 : 0;
    this.#lastPassDurationMs = durationMs;
    const restingMs = Math.min(restMs.most, Math.max(restMs.least, durationMs));
    this.#restUntilNs = endedNs + BigInt(Math.round(restingMs * 1e6));
    const extents = this.#found.splice(0);
    if (isQuiet) {
      return { cutTimeMs: endedMs, cutMonotonicNs: endedNs, consistency: 'CRASH_CONSISTENT', extents };
    }
    return { cutTimeMs: pass.beganMs, cutMonotonicNs: pass.beganNs, consistency: 'SCANNED', extents };
  }

  #isQuietSince(marks: Pass['marks']): boolean {
    const now = this.#readMarks();
    return now.every((mark, index) => mark !== undefined && mark === marks[index]);
  }

  #readMarks(): readonly (string | undefined)[] {
    return this.#options.writeMarks.map((read) => read());
  }

  /** What is news goes to `#found`, in the order of `chunks`, also when one of them cannot be read. */
  async #read(chunks: readonly Chunk[]): Promise<void> {
    const news: (CapturedExtent | undefined)[] = new Array(chunks.length);
    const beganNs = this.#options.clock.monotonicNs();
    try {
      await mapAtOnce(chunks, this.#options.reader.readsInFlightMax, async (chunk, index) => {
        const place = this.#hashes.placeOf(chunk);
        news[index] = await this.#options.reader.read(place, (bytes) => {
          if (!this.#hashes.note(chunk, hash('sha256', bytes, 'buffer'))) return undefined;
          return isZero(bytes) ? place : { ...place, content: Buffer.from(bytes) };
        });
      });
    } finally {
      this.#found.push(...news.filter((extent) => extent !== undefined));
    }
    this.#noteReading(chunks, this.#options.clock.monotonicNs() - beganNs);
  }

  #noteReading(chunks: readonly Chunk[], durationNs: bigint): void {
    if (this.#pass === undefined) return;
    this.#pass.readBytes += chunks.reduce((sum, chunk) => sum + this.#hashes.placeOf(chunk).lengthBytes, 0);
    this.#pass.readNs += durationNs;
  }

  async #exclusively<Result>(operation: () => Promise<Result>): Promise<Result> {
    this.#stopping.signal.throwIfAborted();
    assert(!this.#busy, 'one takeBulk or nextCut at a time');
    this.#busy = true;
    try {
      return await operation();
    } catch (error) {
      await this.#endFreeze('it was ended with what read under it');
      throw error;
    } finally {
      this.#busy = false;
    }
  }
}

function lengthOf(extents: readonly CapturedExtent[]): number {
  return extents.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
}

function writtenBetween(before: Marks, after: Marks): readonly number[] {
  return [...after.keys()].filter((index) => after[index] === undefined || after[index] !== before[index]);
}
