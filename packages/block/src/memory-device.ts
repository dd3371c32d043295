/**
 * A block device in memory. Pages that were never written, or were zeroed whole, are absent: they read as
 * zeroes and take no space.
 */
import type { AllocationExtent, BlockDevice } from './block-device.ts';
import { assertWithin } from './bounds.ts';
import { appendExtent } from './zero-runs.ts';

const PAGE_BYTES = 64 * 1024;

/** The part of one page that a request touches. */
interface Piece {
  readonly page: number;
  /** Within the page. */
  readonly start: number;
  readonly lengthBytes: number;
  /** Within the request. */
  readonly position: number;
}

export class MemoryDevice implements BlockDevice {
  readonly sizeBytes: number;
  readonly #pages = new Map<number, Buffer>();

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  static async from(content: Buffer): Promise<MemoryDevice> {
    const device = new MemoryDevice(content.length);
    await device.write(0, content);
    return device;
  }

  async read(offsetBytes: number, target: Buffer): Promise<void> {
    for (const { page, start, lengthBytes, position } of this.#pieces(offsetBytes, target.length)) {
      const content = this.#pages.get(page);
      if (content === undefined) target.fill(0, position, position + lengthBytes);
      else content.copy(target, position, start, start + lengthBytes);
    }
  }

  async allocation(offsetBytes: number, lengthBytes: number): Promise<AllocationExtent[]> {
    const extents: AllocationExtent[] = [];
    for (const piece of this.#pieces(offsetBytes, lengthBytes)) {
      appendExtent(extents, {
        offsetBytes: offsetBytes + piece.position,
        lengthBytes: piece.lengthBytes,
        zero: !this.#pages.has(piece.page),
      });
    }
    return extents;
  }

  async write(offsetBytes: number, source: Buffer): Promise<void> {
    for (const { page, start, lengthBytes, position } of this.#pieces(offsetBytes, source.length)) {
      source.copy(this.#pageToWrite(page), start, position, position + lengthBytes);
    }
  }

  async writeZeroes(offsetBytes: number, lengthBytes: number): Promise<void> {
    for (const piece of this.#pieces(offsetBytes, lengthBytes)) {
      const end = piece.start + piece.lengthBytes;
      if (piece.lengthBytes === PAGE_BYTES) this.#pages.delete(piece.page);
      else this.#pages.get(piece.page)?.fill(0, piece.start, end);
    }
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {
    this.#pages.clear();
  }

  #pageToWrite(page: number): Buffer {
    const existing = this.#pages.get(page);
    if (existing !== undefined) return existing;
    const created = Buffer.alloc(PAGE_BYTES);
    this.#pages.set(page, created);
    return created;
  }

  *#pieces(offsetBytes: number, lengthBytes: number): Generator<Piece> {
    assertWithin(this.sizeBytes, offsetBytes, lengthBytes);
    let position = 0;
    while (position < lengthBytes) {
      const start = (offsetBytes + position) % PAGE_BYTES;
      const pieceBytes = Math.min(PAGE_BYTES - start, lengthBytes - position);
      const page = Math.floor((offsetBytes + position) / PAGE_BYTES);
      yield { page, start, lengthBytes: pieceBytes, position };
      position += pieceBytes;
    }
  }
}
