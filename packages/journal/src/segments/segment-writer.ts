/**
 * Appends to the segment that is still written. Records are gathered and written a MiB at a time, so that
 * small extents cost no system call each. Three positions, always in this order:
 *
 *   durable ≤ committed ≤ end
 *
 * Up to `durable` everything was synced (J2); up to `committed` epochs are closed; after it is the open
 * epoch, which `rollBack` removes without a trace (J4).
 */
import { crc32 } from 'node:zlib';
import type { ExtentHeader } from '@landfall/block';
import type { EpochCommit } from '@landfall/model';
import { assert } from '@landfall/runtime';
import { EarlyFlush } from '../storage/early-flush.ts';
import type { JournalFile, JournalFiles } from '../storage/journal-files.ts';
import { CommitRows } from './commit-rows.ts';
import { GrowingExtents } from './growing-extents.ts';
import { JournalSegment, segmentFolder, segmentPath } from './journal-segment.ts';
import { RecordBuffer } from './record-buffer.ts';
import { encodeIndex, packColumns, type SealedCommit } from './segment-index.ts';
import {
  encodeCommit,
  encodeExtentHeader,
  encodeSegmentHeader,
  SEGMENT_HEADER_BYTES,
  type SegmentName,
  ZERO_RANGE_BYTES_MAX,
} from './segment-records.ts';
import { SortedExtents } from './sorted-extents.ts';

const CUT_STEP_BYTES = 256 * 1024 * 1024;

export interface EpochCommitRecord extends EpochCommit {
  readonly durableEpoch: number;
  readonly participants: Buffer;
}

interface WriteOutcome {
  readonly failure?: unknown;
}

/** An extent to append. */
export interface AppendedExtent {
  readonly header: ExtentHeader;
  readonly payload: Buffer;
  /** The payload, which must not change until then, is used no more. */
  readonly release?: (() => void) | undefined;
}

export interface SealResult {
  readonly sizeBytes: number;
  readonly recordsEndBytes: number;
}

export class SegmentWriter {
  readonly segment: JournalSegment;
  readonly #file: JournalFile;
  readonly #early: EarlyFlush;
  readonly #journalId: Buffer;
  readonly #extents: GrowingExtents;
  /** Kept for the index at the end of the segment. */
  readonly #commits: CommitRows;
  #durableBytes: number;
  #committedBytes: number;
  #endBytes: number;
  /** One is filled while the other is written. */
  #buffer = new RecordBuffer();
  #spareBuffer = new RecordBuffer();
  /** How the write that is under way ends: its error belongs to whoever comes next. */
  #writing: Promise<WriteOutcome> = Promise.resolve({});
  #epochRecords = 0;
  #epochChecksum = 0;
  /** The file was cut off, and that is not durable yet. */
  #isCutUncertain = false;

  private constructor(
    file: JournalFile,
    segment: JournalSegment,
    state: { readonly journalId: Buffer; readonly extents: GrowingExtents; readonly commits: CommitRows },
  ) {
    this.#file = file;
    this.#early = new EarlyFlush(() => file.sync());
    this.segment = segment;
    this.#journalId = state.journalId;
    this.#extents = state.extents;
    this.#commits = state.commits;
    const endBytes = state.commits.last?.endBytes ?? SEGMENT_HEADER_BYTES;
    this.#durableBytes = endBytes;
    this.#committedBytes = endBytes;
    this.#endBytes = endBytes;
  }

  /** A new segment, durable as a name and a header; the manifest does not know it yet. */
  static async create(files: JournalFiles, name: SegmentName): Promise<SegmentWriter> {
    const header = encodeSegmentHeader(name);
    const path = segmentPath(name.diskIndex, name.segmentNumber);
    const file = await files.create(path);
    try {
      await file.write(0, [header]);
      await file.sync();
      await files.syncFolder(segmentFolder(name.diskIndex));
    } catch (error) {
      // Should it stay, the next opening removes it.
      await Promise.allSettled([file.close(), files.remove(path)]);
      throw error;
    }
    const extents = new GrowingExtents();
    const { diskIndex, segmentNumber: number } = name;
    const identity = header.readUInt32LE(SEGMENT_HEADER_BYTES - 4);
    const segment = new JournalSegment({ diskIndex, number, identity }, extents);
    return new SegmentWriter(file, segment, {
      journalId: name.journalId,
      extents,
      commits: new CommitRows(),
    });
  }

  /**
   * Goes on with a segment that was scanned: `segment` and `commits` hold what of it exists, all of it
   * durable.
   */
  static resume(
    file: JournalFile,
    segment: JournalSegment,
    state: { readonly journalId: Buffer; readonly commits: readonly SealedCommit[] },
  ): SegmentWriter {
    const extents = segment.growing;
    assert(extents !== undefined, 'a sealed segment is never changed again');
    return new SegmentWriter(file, segment, { ...state, extents, commits: CommitRows.from(state.commits) });
  }

  get endBytes(): number {
    return this.#endBytes;
  }

  get committedBytes(): number {
    return this.#committedBytes;
  }

  get durableBytes(): number {
    return this.#durableBytes;
  }

  get hasOpenEpoch(): boolean {
    return this.#epochRecords > 0;
  }

  get commitCount(): number {
    return this.#commits.count;
  }

  async appendExtent({ header, payload, release }: AppendedExtent, epoch: number): Promise<void> {
    const { offsetBytes, lengthBytes, codec, checksum: payloadChecksum } = header;
    const payloadBytes = payload.length;
    const fields = { offsetBytes, lengthBytes, codec, payloadBytes, payloadChecksum, epoch };
    await this.#append(fields, payload, release);
  }

  async appendZeroes(offsetBytes: number, lengthBytes: number, epoch: number): Promise<void> {
    const end = offsetBytes + lengthBytes;
    for (let offset = offsetBytes; offset < end; offset += ZERO_RANGE_BYTES_MAX) {
      const length = Math.min(ZERO_RANGE_BYTES_MAX, end - offset);
      const extent = { offsetBytes: offset, lengthBytes: length, codec: 0, payloadBytes: 0 } as const;
      await this.#append({ ...extent, payloadChecksum: 0, epoch });
    }
  }

  /** Closes the epoch in this file and hands all of it to the file; durable after `sync`. */
  async appendCommit(commit: EpochCommitRecord): Promise<void> {
    const place = { identity: this.segment.identity, positionBytes: this.#endBytes };
    const record = encodeCommit(
      {
        ...commit,
        startBytes: this.#committedBytes,
        recordCount: this.#epochRecords,
        recordsChecksum: this.#epochChecksum,
        journalId: this.#journalId,
      },
      place,
    );
    await this.#put(record);
    await this.flush();
  }

  /** The epoch's commit records are written on all its disks: from here it goes forward only. */
  acceptCommit(commit: EpochCommitRecord): void {
    const { epoch, cutTimeMs, cutMonotonicNs, extentCount, consistency, participants } = commit;
    const endBytes = this.#endBytes;
    this.#commits.add({
      epoch,
      cutTimeMs,
      cutMonotonicNs,
      extentCount,
      consistency,
      participants,
      endBytes,
    });
    this.segment.commits.add(epoch, endBytes);
    this.#committedBytes = endBytes;
    this.#epochRecords = 0;
    this.#epochChecksum = 0;
  }

  /** J2: what was committed when it was called is durable when it resolves. */
  async sync(): Promise<void> {
    const committed = this.#committedBytes;
    if (committed === this.#durableBytes) return;
    await this.#early.flush();
    this.#durableBytes = committed;
  }

  /**
   * After a failed sync: epochs that were closed but never became durable are open again, to be dropped. This
   * file's own sync may have succeeded: what counts is that of all the disks.
   */
  reopenUndurable(durableEpoch: number): void {
    this.#commits.cutAfter(durableEpoch);
    this.segment.commits.cutAfter(durableEpoch);
    this.#committedBytes = this.segment.commits.endOf(durableEpoch) || SEGMENT_HEADER_BYTES;
    this.#durableBytes = this.#committedBytes;
  }

  /**
   * Removes everything after the last closed epoch, from memory and from the file, durably: what was
   * abandoned must not come back beside an epoch of the same number. A flush that failed is forgotten when
   * nothing is left that it was for; while closed epochs wait to become durable, this fails with its error.
   */
  async rollBack(): Promise<void> {
    await this.#writing;
    this.#writing = Promise.resolve({});
    this.#buffer.clear();
    this.#epochRecords = 0;
    this.#epochChecksum = 0;
    if (this.#endBytes > this.#committedBytes) this.#extents.cutFrom(this.#committedBytes);
    this.#endBytes = this.#committedBytes;
    if (this.#committedBytes === this.#durableBytes) await this.#early.forget();
    await this.#cutOff();
    if (!this.#isCutUncertain) return;
    await this.#early.flush();
    this.#isCutUncertain = false;
  }

  /** In steps: while a file is cut nobody reads it, and a thread does nothing else. */
  async #cutOff(): Promise<void> {
    let sizeBytes = await this.#file.sizeBytes();
    while (sizeBytes > this.#committedBytes) {
      this.#isCutUncertain = true;
      sizeBytes = Math.max(this.#committedBytes, sizeBytes - CUT_STEP_BYTES);
      await this.#file.truncate(sizeBytes);
    }
  }

  /**
   * Appends the index and makes the whole file durable. The caller records it in the manifest, or rolls back.
   */
  async writeIndex(): Promise<SealResult & { readonly extents: SortedExtents }> {
    assert(!this.hasOpenEpoch && this.#durableBytes === this.#endBytes, 'J1: only whole epochs are sealed');
    const columns = this.#extents.sorted();
    const index = { extents: columns, commitRows: this.#commits.bytes };
    const parts = encodeIndex(index, this.segment.identity, this.#endBytes);
    await this.#file.write(this.#endBytes, parts);
    await this.#early.flush();
    const indexBytes = parts.reduce((sum, part) => sum + part.length, 0);
    const sizeBytes = this.#endBytes + indexBytes;
    return { sizeBytes, recordsEndBytes: this.#endBytes, extents: new SortedExtents(packColumns(columns)) };
  }

  async close(): Promise<void> {
    await this.#writing;
    this.#buffer.close();
    this.#spareBuffer.close();
    await this.#early.forget();
    await this.#file.close();
  }

  /** Hands everything appended to the file. */
  async flush(): Promise<void> {
    await this.#startWriting();
    await this.#writeDone();
  }

  async #writeDone(): Promise<void> {
    const { failure } = await this.#writing;
    if (failure !== undefined) throw failure;
  }

  /** Hands the buffer to the file and goes on with the other one. Errors: those of the write before. */
  async #startWriting(): Promise<void> {
    await this.#writeDone();
    const filled = this.#buffer;
    if (filled.bytes === 0) return;
    this.#buffer = this.#spareBuffer;
    this.#spareBuffer = filled;
    this.#writing = this.#write(this.#endBytes - filled.bytes, filled);
  }

  /** Never rejects: the failure is told to whoever comes next. */
  async #write(positionBytes: number, filled: RecordBuffer): Promise<WriteOutcome> {
    try {
      await this.#file.write(positionBytes, filled.parts());
      this.#early.wrote(filled.bytes);
      return {};
    } catch (failure) {
      return { failure };
    } finally {
      filled.clear();
    }
  }

  async #append(
    fields: Parameters<typeof encodeExtentHeader>[0],
    payload?: Buffer,
    release?: () => void,
  ): Promise<void> {
    const positionBytes = this.#endBytes;
    const header = encodeExtentHeader(fields, { identity: this.segment.identity, positionBytes });
    await this.#put(header, payload, release);
    this.#epochRecords += 1;
    this.#epochChecksum = crc32(header, this.#epochChecksum);
    const { offsetBytes, lengthBytes, payloadBytes } = fields;
    this.#extents.add({ offsetBytes, lengthBytes, positionBytes, payloadBytes });
  }

  async #put(header: Buffer, payload?: Buffer, release?: () => void): Promise<void> {
    const recordBytes = header.length + (payload?.length ?? 0);
    if (!this.#buffer.hasRoom(recordBytes)) await this.#startWriting();
    this.#buffer.put(header, payload, release);
    this.#endBytes += recordBytes;
    if (this.#buffer.isFull) await this.#startWriting();
  }
}
