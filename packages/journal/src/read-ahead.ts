/**
 * A filter for readers that come in small steps, one after the other (`qemu-img`, a booting machine, block-
 * stream): once two reads follow each other, 1 MiB is read at once and the next 1 MiB already while the first
 * is used. Reads anywhere else pass through. The device below never changes, so what was read ahead stays
 * true.
 */
import type { AllocationExtent, ReadableBlockDevice } from '@landfall/block';

const WINDOW_BYTES = 1024 * 1024;
const WINDOWS_MAX = 4;
/** Larger reads gain nothing. */
const SMALL_READ_BYTES = WINDOW_BYTES / 4;

export class ReadAheadDevice implements ReadableBlockDevice {
  readonly sizeBytes: number;
  readonly #device: ReadableBlockDevice;
  readonly #windows = new Map<number, Promise<Buffer>>();
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
    if (follows && (first + 1) * WINDOW_BYTES < this.sizeBytes) this.#window(first + 1);
    await this.#copyOrRead(window, offsetBytes, target);
  }

  /** A damaged block elsewhere in the window must not fail this read: then it is read by itself. */
  async #copyOrRead(window: Promise<Buffer>, offsetBytes: number, target: Buffer): Promise<void> {
    const [outcome] = await Promise.allSettled([window]);
    if (outcome.status === 'rejected') return this.#device.read(offsetBytes, target);
    const from = offsetBytes % WINDOW_BYTES;
    outcome.value.copy(target, 0, from, from + target.length);
  }

  allocation(offsetBytes: number, lengthBytes: number): Promise<AllocationExtent[]> {
    return this.#device.allocation(offsetBytes, lengthBytes);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#windows.values());
    this.#windows.clear();
    await this.#device.close();
  }

  #window(index: number): Promise<Buffer> {
    const known = this.#windows.get(index);
    if (known !== undefined) return known;
    const loading = this.#load(index);
    this.#windows.set(index, loading);
    // Who asks for its bytes reads them again by themselves, and gets the error.
    loading.catch(() => this.#windows.delete(index));
    const oldest = this.#windows.keys().next();
    if (this.#windows.size > WINDOWS_MAX && oldest.done !== true) this.#windows.delete(oldest.value);
    return loading;
  }

  async #load(index: number): Promise<Buffer> {
    const from = index * WINDOW_BYTES;
    const window = Buffer.allocUnsafe(Math.min(WINDOW_BYTES, this.sizeBytes - from));
    await this.#device.read(from, window);
    return window;
  }
}
