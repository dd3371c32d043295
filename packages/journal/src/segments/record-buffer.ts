/**
 * Records on their way into a file. Small ones are copied into one piece of memory, so that they cost no
 * part of a write each; a large payload stays where it is until it is written, because copying it costs as
 * much as checking it.
 */
import { assert, KIB, MIB } from '@landfall/runtime';

/** All of it is handed to the file when more does not fit; a larger record is alone. */
export const RECORD_BUFFER_BYTES = MIB;
/** A payload up to this is copied. */
const COPIED_BYTES_MAX = 16 * KIB;
/** So is one that would keep many times its own bytes from being used again, as compressed ones do. */
const KEPT_FACTOR_MAX = 4;
/** Memory of buffers that are closed: a new segment takes that of the one before. */
const spareMemory: Buffer[] = [];
const SPARE_MEMORY_MAX = 8;

export class RecordBuffer {
  #memory = spareMemory.pop() ?? Buffer.allocUnsafeSlow(RECORD_BUFFER_BYTES);
  #parts: Buffer[] = [];
  #releases: (() => void)[] = [];
  /** Copied so far, and from where on it is in no part yet. */
  #copiedBytes = 0;
  #partFrom = 0;
  #bytes = 0;

  /** Of all records in it. */
  get bytes(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.#bytes >= RECORD_BUFFER_BYTES;
  }

  hasRoom(recordBytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + recordBytes <= RECORD_BUFFER_BYTES;
  }

  /** `release`: the payload is used no more. */
  put(header: Buffer, payload?: Buffer, release?: () => void): void {
    this.#copy(header);
    if (payload === undefined) return;
    if (isCopied(payload)) {
      this.#copy(payload);
      release?.();
      return;
    }
    this.#endPart();
    this.#parts.push(payload);
    this.#bytes += payload.length;
    if (release !== undefined) this.#releases.push(release);
  }

  /** Everything in it, in order; it stays as it is until `clear`. */
  parts(): readonly Buffer[] {
    this.#endPart();
    return this.#parts;
  }

  /** What was in it is written, or given up. */
  clear(): void {
    const releases = this.#releases;
    this.#parts = [];
    this.#releases = [];
    this.#copiedBytes = 0;
    this.#partFrom = 0;
    this.#bytes = 0;
    for (const release of releases) release();
  }

  /** It is used no more. */
  close(): void {
    this.clear();
    if (this.#memory.length > 0 && spareMemory.length < SPARE_MEMORY_MAX) spareMemory.push(this.#memory);
    this.#memory = Buffer.alloc(0);
  }

  #copy(bytes: Buffer): void {
    assert(this.#copiedBytes + bytes.length <= this.#memory.length, 'what has no room is not put');
    bytes.copy(this.#memory, this.#copiedBytes);
    this.#copiedBytes += bytes.length;
    this.#bytes += bytes.length;
  }

  #endPart(): void {
    if (this.#copiedBytes === this.#partFrom) return;
    this.#parts.push(this.#memory.subarray(this.#partFrom, this.#copiedBytes));
    this.#partFrom = this.#copiedBytes;
  }
}

function isCopied({ length, buffer }: Buffer): boolean {
  if (length <= COPIED_BYTES_MAX) return true;
  return length <= RECORD_BUFFER_BYTES / KEPT_FACTOR_MAX && buffer.byteLength > KEPT_FACTOR_MAX * length;
}
