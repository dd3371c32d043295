/**
 * One segment as readers see it: its index, which epochs end where in it, and its records, verified on every
 * read.
 */
import { decodeExtent } from '@landfall/block';
import { assert, OperationError } from '@landfall/runtime';
import { type ExtentDamage, extentDamaged, isUnreadable, storageFailure } from '../journal-errors.ts';
import type { OpenFiles } from '../storage/open-files.ts';
import { endOfRecord, RECORD_GAP_BYTES_MAX } from '../views/read-runs.ts';
import { CommitLog } from './commit-log.ts';
import { GrowingExtents } from './growing-extents.ts';
import { decodeRecord, RECORD_HEADER_BYTES } from './segment-records.ts';
import { type ExtentQuery, type IndexedExtent, rowOf, SortedExtents } from './sorted-extents.ts';

export interface SegmentIdentity {
  readonly diskIndex: number;
  readonly number: number;
  readonly identity: number;
}

/** A whole extent, and where its content goes. */
export interface ExtentTarget {
  readonly extent: IndexedExtent;
  readonly target: Buffer;
}

/** Takes what is read and not wanted, of all reads at once. */
const UNWANTED = Buffer.allocUnsafeSlow(RECORD_GAP_BYTES_MAX);

export class JournalSegment {
  readonly diskIndex: number;
  readonly number: number;
  readonly path: string;
  readonly identity: number;
  readonly commits = new CommitLog();
  #extents: GrowingExtents | SortedExtents;

  constructor(name: SegmentIdentity, extents: GrowingExtents | SortedExtents) {
    this.diskIndex = name.diskIndex;
    this.number = name.number;
    this.path = segmentPath(name.diskIndex, name.number);
    this.identity = name.identity;
    this.#extents = extents;
  }

  get extentCount(): number {
    return this.#extents.count;
  }

  /** Of the segment that is still written. */
  get growing(): GrowingExtents | undefined {
    return this.#extents instanceof GrowingExtents ? this.#extents : undefined;
  }

  /** Of a sealed segment: its index. */
  get sealedExtents(): SortedExtents {
    assert(this.#extents instanceof SortedExtents, 'only a sealed segment has an index');
    return this.#extents;
  }

  seal(extents: SortedExtents): void {
    this.#extents = extents;
  }

  /** Every record of an extent or a zero range, also those of an epoch that is still open. */
  *extentsInOrderOfOffset(): Generator<IndexedExtent> {
    const columns = this.#extents instanceof GrowingExtents ? this.#extents.sorted() : this.#extents.columns;
    for (let row = 0, { count } = this.#extents; row < count; row += 1) yield rowOf(columns, row);
  }

  collect(query: ExtentQuery, found: IndexedExtent[]): void {
    this.#extents.collect(query, found);
  }

  /** Of a sealed segment: every record, in the order of the file. */
  records(): IndexedExtent[] {
    assert(this.#extents instanceof SortedExtents, 'only a sealed segment is read record by record');
    return this.#extents.byPosition();
  }

  /** Of a sealed segment: the range of every record. */
  forEachRange(visit: (offsetBytes: number, lengthBytes: number) => void): void {
    assert(this.#extents instanceof SortedExtents, 'only a sealed segment is read record by record');
    this.#extents.forEachRange(visit);
  }

  /** The extent's content, verified. Errors: EXTENT_DAMAGED naming disk, offset and epoch. */
  async readExtent(openFiles: OpenFiles, extent: IndexedExtent): Promise<Buffer> {
    const header = Buffer.allocUnsafe(RECORD_HEADER_BYTES);
    const payload = Buffer.allocUnsafe(extent.payloadBytes);
    await this.#readParts(openFiles, extent, [header, payload]);
    return this.#decode(extent, header, payload);
  }

  /**
   * Whole extents that stand in this order and close to each other in the file, in one read; those that are
   * stored as they are go straight to where they belong. Errors: EXTENT_DAMAGED.
   */
  async readRun(openFiles: OpenFiles, run: readonly ExtentTarget[]): Promise<void> {
    const parts = recordPartsOf(run);
    const [first] = run;
    assert(first !== undefined, 'a run has extents');
    const position = first.extent.positionBytes;
    const buffers = parts.flatMap(({ gap, header, payload }) => [...gap, header, payload]);
    if (!(await this.#tryRead(openFiles, position, buffers))) return this.#readOneByOne(openFiles, run);
    for (const { extent, target, header, payload } of parts) {
      const content = this.#decode(extent, header, payload);
      if (content !== target) content.copy(target);
    }
  }

  /** The one that cannot be read is named, and bytes between them that nobody asked for do no harm. */
  async #readOneByOne(openFiles: OpenFiles, run: readonly ExtentTarget[]): Promise<void> {
    for (const { extent, target } of run) (await this.readExtent(openFiles, extent)).copy(target);
  }

  /** False: the file ends before, or the storage cannot read some of it. */
  async #tryRead(openFiles: OpenFiles, position: number, parts: readonly Buffer[]): Promise<boolean> {
    try {
      return await openFiles.use(this.path, (file) => file.readParts(position, parts));
    } catch (cause) {
      if (!isUnreadable(cause)) throw storageFailure(cause);
      return false;
    }
  }

  #decode(extent: IndexedExtent, header: Buffer, payload: Buffer): Buffer {
    const record = decodeRecord(header, { identity: this.identity, positionBytes: extent.positionBytes });
    const matches =
      record?.kind === 'extent' &&
      record.offsetBytes === extent.offsetBytes &&
      record.lengthBytes === extent.lengthBytes &&
      record.payloadBytes === extent.payloadBytes;
    if (!matches) throw this.#damaged(extent, 'its record header is not what was written');
    const { offsetBytes, lengthBytes, codec, payloadChecksum: checksum } = record;
    try {
      return decodeExtent({ diskIndex: this.diskIndex, offsetBytes, lengthBytes, codec, checksum }, payload);
    } catch (cause) {
      if (!(cause instanceof OperationError)) throw cause;
      throw this.#damaged(extent, 'its content is not what was written', cause);
    }
  }

  async #readParts(openFiles: OpenFiles, first: IndexedExtent, parts: readonly Buffer[]): Promise<void> {
    let filled: boolean;
    try {
      filled = await openFiles.use(this.path, (file) => file.readParts(first.positionBytes, parts));
    } catch (cause) {
      if (!isUnreadable(cause)) throw storageFailure(cause);
      throw this.#damaged(first, 'the storage cannot read it', cause);
    }
    if (!filled) throw this.#damaged(first, 'the file is shorter than what was written');
  }

  #damaged(extent: IndexedExtent, what: string, cause?: unknown): OperationError {
    const damage: ExtentDamage = {
      diskIndex: this.diskIndex,
      offsetBytes: extent.offsetBytes,
      lengthBytes: extent.lengthBytes,
      epoch: this.commits.epochAt(extent.positionBytes),
      path: this.path,
      positionBytes: extent.positionBytes,
      what,
      cause,
    };
    return extentDamaged(damage);
  }
}

interface RecordParts extends ExtentTarget {
  /** What stands between the record before it and this one. */
  readonly gap: readonly Buffer[];
  readonly header: Buffer;
  /** The target itself, when the payload is stored as long as the extent is. */
  readonly payload: Buffer;
}

function recordPartsOf(run: readonly ExtentTarget[]): RecordParts[] {
  let end = run[0]?.extent.positionBytes ?? 0;
  return run.map(({ extent, target }) => {
    const gapBytes = extent.positionBytes - end;
    end = endOfRecord(extent);
    const isAsLong = extent.payloadBytes === extent.lengthBytes;
    const payload = isAsLong ? target : Buffer.allocUnsafe(extent.payloadBytes);
    const gap = gapBytes === 0 ? [] : [UNWANTED.subarray(0, gapBytes)];
    return { extent, target, gap, header: Buffer.allocUnsafe(RECORD_HEADER_BYTES), payload };
  });
}

export function segmentPath(diskIndex: number, number: number): string {
  return `${segmentFolder(diskIndex)}/${number.toString().padStart(4, '0')}`;
}

export function segmentFolder(diskIndex: number): string {
  return `disk-${diskIndex}/segments`;
}
