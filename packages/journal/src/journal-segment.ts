/**
 * One segment as readers see it: its index, which epochs end where in it, and its records, verified on every
 * read.
 */
import { decodeExtent } from '@landfall/block';
import { assert, OperationError } from '@landfall/runtime';
import { CommitLog } from './commit-log.ts';
import { GrowingExtents } from './growing-extents.ts';
import { type ExtentDamage, extentDamaged, isUnreadable, storageFailure } from './journal-errors.ts';
import type { OpenFiles } from './open-files.ts';
import { decodeRecord, RECORD_HEADER_BYTES } from './segment-records.ts';
import { type ExtentQuery, type IndexedExtent, rowOf, type SortedExtents } from './sorted-extents.ts';

export interface SegmentIdentity {
  readonly diskIndex: number;
  readonly number: number;
  readonly identity: number;
}

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

  seal(extents: SortedExtents): void {
    this.#extents = extents;
  }

  /** Every record of an extent or a zero range, also those of an epoch that is still open. */
  *extentsInOrderOfOffset(): Generator<IndexedExtent> {
    const columns = this.#extents instanceof GrowingExtents ? this.#extents.sorted() : this.#extents.columns;
    for (let row = 0; row < columns.offsets.length; row += 1) yield rowOf(columns, row);
  }

  collect(query: ExtentQuery, found: IndexedExtent[]): void {
    this.#extents.collect(query, found);
  }

  /** The extent's content, verified. Errors: EXTENT_DAMAGED naming disk, offset and epoch. */
  async readExtent(openFiles: OpenFiles, extent: IndexedExtent): Promise<Buffer> {
    const header = Buffer.allocUnsafe(RECORD_HEADER_BYTES);
    const payload = Buffer.allocUnsafe(extent.payloadBytes);
    await this.#readParts(openFiles, extent, [header, payload]);
    return this.#decode(extent, header, payload);
  }

  /**
   * Extents whose records follow each other in the file, straight into the places their content belongs to,
   * in one read. Each must be as long as its payload, as raw ones are. Errors: EXTENT_DAMAGED.
   */
  async readRun(
    openFiles: OpenFiles,
    run: readonly { readonly extent: IndexedExtent; readonly target: Buffer }[],
  ): Promise<void> {
    const first = run[0];
    assert(first !== undefined, 'a run has extents');
    const parts = run.map(({ target }) => ({ header: Buffer.allocUnsafe(RECORD_HEADER_BYTES), target }));
    await this.#readParts(
      openFiles,
      first.extent,
      parts.flatMap((part) => [part.header, part.target]),
    );
    for (const [index, { extent, target }] of run.entries()) {
      const header = parts[index]?.header ?? Buffer.alloc(0);
      const content = this.#decode(extent, header, target);
      if (content !== target) content.copy(target); // Compressed to exactly its own length.
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

export function segmentPath(diskIndex: number, number: number): string {
  return `${segmentFolder(diskIndex)}/${number.toString().padStart(4, '0')}`;
}

export function segmentFolder(diskIndex: number): string {
  return `disk-${diskIndex}/segments`;
}
