/** Records of a segment one after the other, their headers read through a window. */
import type { JournalFile } from '../storage/journal-files.ts';
import {
  COMMIT_RECORD_BYTES,
  type CommitRecord,
  decodeRecord,
  type ExtentRecord,
  RECORD_HEADER_BYTES,
  recordBytes,
} from './segment-records.ts';

const WINDOW_BYTES = 256 * 1024;
/** Where payloads are larger than the window, nothing else of it would be looked at. */
const SMALL_WINDOW_BYTES = 4 * 1024;

export interface ScanRange {
  readonly identity: number;
  readonly diskIndex: number;
  readonly journalId: Buffer;
  /** Records are not looked for at or after this position. */
  readonly toBytes: number;
}

export interface Located {
  readonly record: ExtentRecord | CommitRecord;
  readonly positionBytes: number;
  readonly header: Buffer;
}

export class RecordReader {
  readonly #window: WindowReader;
  readonly #range: ScanRange;

  constructor(file: JournalFile, range: ScanRange) {
    this.#window = new WindowReader(file, range.toBytes);
    this.#range = range;
  }

  /** `undefined`: there is no intact record that ends within the range. */
  async at(positionBytes: number): Promise<Located | 'index' | undefined> {
    const bytes = await this.#window.bytesAt(positionBytes, COMMIT_RECORD_BYTES);
    const record = decodeRecord(bytes, { identity: this.#range.identity, positionBytes });
    if (record === undefined) return undefined;
    if (record.kind === 'index') return 'index';
    if (positionBytes + recordBytes(record) > this.#range.toBytes) return undefined;
    return { record, positionBytes, header: bytes.subarray(0, RECORD_HEADER_BYTES) };
  }
}

/** Small extents cost one read for many, and large payloads are skipped. */
class WindowReader {
  readonly #file: JournalFile;
  readonly #toBytes: number;
  #window: Buffer = Buffer.alloc(0);
  #windowPosition = 0;

  constructor(file: JournalFile, toBytes: number) {
    this.#file = file;
    this.#toBytes = toBytes;
  }

  /** Fewer than `lengthBytes` when the range ends. */
  async bytesAt(positionBytes: number, lengthBytes: number): Promise<Buffer> {
    const end = Math.min(this.#toBytes, positionBytes + lengthBytes);
    const inside = positionBytes >= this.#windowPosition && end <= this.#windowPosition + this.#window.length;
    if (!inside) await this.#load(positionBytes);
    const from = positionBytes - this.#windowPosition;
    return this.#window.subarray(from, from + lengthBytes);
  }

  async #load(positionBytes: number): Promise<void> {
    const skippedBytes = positionBytes - this.#windowPosition - this.#window.length;
    const windowBytes = skippedBytes > WINDOW_BYTES ? SMALL_WINDOW_BYTES : WINDOW_BYTES;
    const window = Buffer.allocUnsafe(Math.min(windowBytes, this.#toBytes - positionBytes));
    const read = await this.#file.read(positionBytes, window);
    this.#window = window.subarray(0, read);
    this.#windowPosition = positionBytes;
  }
}
