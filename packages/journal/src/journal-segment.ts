/** One segment as readers see it: its index, which epochs end where in it, and its records, verified on every read. */
import { decodeExtent } from '@landfall/block';
import { OperationError } from '@landfall/runtime';
import { CommitLog } from './commit-log.ts';
import { GrowingExtents } from './growing-extents.ts';
import { type ExtentDamage, extentDamaged } from './journal-errors.ts';
import { type JournalFile, readFully } from './journal-files.ts';
import type { OpenFiles } from './open-files.ts';
import { decodeRecord, RECORD_HEADER_BYTES } from './segment-records.ts';
import type { ExtentQuery, IndexedExtent, SortedExtents } from './sorted-extents.ts';

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

  collect(query: ExtentQuery, found: IndexedExtent[]): void {
    this.#extents.collect(query, found);
  }

  /** The extent's content, verified. Errors: EXTENT_DAMAGED naming disk, offset and epoch. */
  async readExtent(openFiles: OpenFiles, extent: IndexedExtent): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(RECORD_HEADER_BYTES + extent.payloadBytes);
    await openFiles.use(this.path, (file) => this.#readRecord(file, extent, bytes));
    const header = bytes.subarray(0, RECORD_HEADER_BYTES);
    const place = { identity: this.identity, positionBytes: extent.positionBytes };
    const record = decodeRecord(header, place);
    const matches =
      record?.kind === 'extent' &&
      record.offsetBytes === extent.offsetBytes &&
      record.lengthBytes === extent.lengthBytes &&
      record.payloadBytes === extent.payloadBytes;
    if (!matches) throw this.#damaged(extent, 'its record header is not what was written');
    const { diskIndex } = this;
    const { offsetBytes, lengthBytes, codec, payloadChecksum: checksum } = record;
    try {
      return decodeExtent(
        { diskIndex, offsetBytes, lengthBytes, codec, checksum },
        bytes.subarray(RECORD_HEADER_BYTES),
      );
    } catch (cause) {
      if (!(cause instanceof OperationError)) throw cause;
      throw this.#damaged(extent, 'its content is not what was written', cause);
    }
  }

  async #readRecord(file: JournalFile, extent: IndexedExtent, target: Buffer): Promise<void> {
    let filled: boolean;
    try {
      filled = await readFully(file, extent.positionBytes, target);
    } catch (cause) {
      throw this.#damaged(extent, 'the storage cannot read it', cause);
    }
    if (!filled) throw this.#damaged(extent, 'the file is shorter than what was written');
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
