/**
 * A filter for readers that come in small steps, one after the other (`qemu-img`, a booting machine, block-
 * stream): once two reads follow each other, 1 MiB is read at once and the next 1 MiB already while the first
 * is used. Reads anywhere else pass through. The device below never changes, so what was read ahead stays
 * true.
 */
import type { AllocationExtent, ReadableBlockDevice } from '@landfall/block';
import { BufferPool, type LentBuffer } from '@landfall/runtime';

const WINDOW_BYTES = 1024 * 1024;
const WINDOWS_MAX = 4;
/** Larger reads gain nothing. */
const SMALL_READ_BYTES = WINDOW_BYTES / 4;

/** Buffers of windows that are used again: fresh ones cost as much as reading into them. */
const FREE_WINDOWS_MAX = 2;

interface Window {
  readonly buffer: LentBuffer;
  readonly loaded: Promise<void>;
  /** Who still reads from it or into it: then nobody else gets the buffer. */
  users: number;
  isForgotten: boolean;
}

export class ReadAheadDevice implements ReadableBlockDevice {
  readonly sizeBytes: number;
  readonly #device: ReadableBlockDevice;
  readonly #windows = new Map<number, Window>();
  readonly #pool = new BufferPool({ unitBytes: WINDOW_BYTES, freeMax: FREE_WINDOWS_MAX });
  #lastEndBytes = -1;

  constructor(device: ReadableBlockDevice) {
    this.sizeBytes = device.sizeBytes;
    this.#device = device;
  }

  async read(offsetBytes: number, target: Buffer): Promise<void> {
    const end = offsetBytes + target.length;
    const follows = offsetBytes === this.#lastEndBytes;
    this.#lastEndBytes = end;
    const first = Math.floor(offsetBytes / WINDOW_BYTES);
    const inside = target.length > 0 && end <= Math.min((first + 1) * WINDOW_BYTES, this.sizeBytes);
    const known = this.#windows.has(first);
    const ahead = inside && target.length <= SMALL_READ_BYTES && (follows || known);
    if (!ahead) return this.#device.read(offsetBytes, target);
    const window = this.#window(first);
    window.users += 1;
    if (follows && (first + 1) * WINDOW_BYTES < this.sizeBytes) this.#window(first + 1);
    try {
      await this.#copyOrRead(window, offsetBytes, target);
    } finally {
      this.#leave(window);
    }
  }

  /** A damaged block elsewhere in the window must not fail this read: then it is read by itself. */
  async #copyOrRead({ buffer, loaded }: Window, offsetBytes: number, target: Buffer): Promise<void> {
    const [outcome] = await Promise.allSettled([loaded]);
    if (outcome.status === 'rejected') return this.#device.read(offsetBytes, target);
    const from = offsetBytes % WINDOW_BYTES;
    buffer.bytes.copy(target, 0, from, from + target.length);
  }

  allocation(offsetBytes: number, lengthBytes: number): Promise<AllocationExtent[]> {
    return this.#device.allocation(offsetBytes, lengthBytes);
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#windows.values()].map(({ loaded }) => loaded));
    this.#windows.clear();
    await this.#device.close();
  }

  #window(index: number): Window {
    const known = this.#windows.get(index);
    if (known !== undefined) return known;
    const from = index * WINDOW_BYTES;
    const buffer = this.#pool.take(Math.min(WINDOW_BYTES, this.sizeBytes - from));
    const loaded = this.#device.read(from, buffer.bytes);
    const window = { buffer, loaded, users: 1, isForgotten: false };
    this.#windows.set(index, window);
    const leave = () => this.#leave(window);
    // Who asks for its bytes reads them again by themselves, and gets the error.
    loaded.then(leave, () => {
      this.#forget(index, window);
      leave();
    });
    for (const [oldest, other] of this.#windows) {
      if (this.#windows.size <= WINDOWS_MAX) break;
      this.#forget(oldest, other);
    }
    return window;
  }

  #forget(index: number, window: Window): void {
    if (this.#windows.get(index) === window) this.#windows.delete(index);
    window.isForgotten = true;
    if (window.users === 0) window.buffer.release();
  }

  #leave(window: Window): void {
    window.users -= 1;
    if (window.users === 0 && window.isForgotten) window.buffer.release();
  }
}
