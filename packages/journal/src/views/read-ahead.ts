/**
 * A filter for readers that go from front to back. Those that come in small steps, one after the other
 * (`qemu-img`, a booting machine, block-stream), get 1 MiB read at once and the next already while the first
 * is used. Whoever has read so for a while gets windows as long as the regions that a view resolves, and two
 * of them ahead: then all that lies together in a file is one read, and the kernel's own read-ahead, which
 * cannot know what of the base is overwritten, does not fetch that too. Reads anywhere else pass through. The
 * device below never changes, so what was read ahead stays true. Invariants:
 * A1  Windows do not overlap; each is read once.
 * A2  A buffer goes back to the pool when nobody reads from it or into it any more.
 */
import type { AllocationExtent, ReadableBlockDevice } from '@landfall/block';
import { BufferPool, type LentBuffer } from '@landfall/runtime';

const WINDOW_BYTES = 1024 * 1024;
const LONG_WINDOW_BYTES = 4 * WINDOW_BYTES;
/** The one that is used, two ahead, and one that somebody slow still uses. */
const WINDOWS_MAX = 4;
/** Larger reads gain from long windows only. */
const SMALL_READ_BYTES = WINDOW_BYTES / 4;
/** Larger reads gain nothing. */
const READ_BYTES_MAX = WINDOW_BYTES;
/** Read in one go until windows are long. */
const LONG_GO_BYTES = LONG_WINDOW_BYTES;

/** Buffers of windows that are used again: fresh ones cost as much as reading into them. */
const FREE_WINDOWS_MAX = 2;

interface Window {
  readonly fromBytes: number;
  readonly toBytes: number;
  readonly buffer: LentBuffer;
  readonly loaded: Promise<void>;
  /** Who still reads from it or into it: then nobody else gets the buffer. */
  users: number;
  isForgotten: boolean;
}

export class ReadAheadDevice implements ReadableBlockDevice {
  readonly sizeBytes: number;
  readonly #device: ReadableBlockDevice;
  /** Oldest first. */
  #windows: readonly Window[] = [];
  readonly #pool = new BufferPool({ unitBytes: LONG_WINDOW_BYTES, freeMax: FREE_WINDOWS_MAX });
  #lastEndBytes = -1;
  /** How much was read without a jump. */
  #goBytes = 0;

  constructor(device: ReadableBlockDevice) {
    this.sizeBytes = device.sizeBytes;
    this.#device = device;
  }

  async read(offsetBytes: number, target: Buffer): Promise<void> {
    const follows = offsetBytes === this.#lastEndBytes;
    this.#lastEndBytes = offsetBytes + target.length;
    this.#goBytes = target.length + (follows ? this.#goBytes : 0);
    if (!this.#isAhead(offsetBytes, target.length, follows)) return this.#device.read(offsetBytes, target);
    const copied: Promise<void>[] = [];
    for (let done = 0; done < target.length; ) {
      const window = this.#window(offsetBytes + done);
      const length = Math.min(target.length - done, window.toBytes - offsetBytes - done);
      copied.push(this.#copyOrRead(window, offsetBytes + done, target.subarray(done, done + length)));
      done += length;
      if (follows) this.#readAhead(window, offsetBytes + done);
    }
    // Also when one fails the others end first: the buffer may be lent, and somebody else's afterwards.
    const failed = (await Promise.allSettled(copied)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  allocation(offsetBytes: number, lengthBytes: number): Promise<AllocationExtent[]> {
    return this.#device.allocation(offsetBytes, lengthBytes);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#windows.map(({ loaded }) => loaded));
    this.#windows = [];
    await this.#device.close();
  }

  get #goesOn(): boolean {
    return this.#goBytes >= LONG_GO_BYTES;
  }

  #isAhead(offsetBytes: number, lengthBytes: number, follows: boolean): boolean {
    if (lengthBytes === 0 || lengthBytes > READ_BYTES_MAX) return false;
    if (this.#known(offsetBytes) !== undefined) return true;
    return follows && (lengthBytes <= SMALL_READ_BYTES || this.#goesOn);
  }

  /** What comes after a window; who has read all of one does not come back. */
  #readAhead(window: Window, endBytes: number): void {
    let end = window.toBytes;
    for (let left = this.#goesOn ? 2 : 1; left > 0 && end < this.sizeBytes; left -= 1) {
      end = this.#window(end).toBytes;
    }
    if (endBytes === window.toBytes) this.#forget(window);
  }

  /** A damaged block elsewhere in the window must not fail this read: then it is read by itself. */
  async #copyOrRead(window: Window, offsetBytes: number, target: Buffer): Promise<void> {
    window.users += 1;
    try {
      const [outcome] = await Promise.allSettled([window.loaded]);
      if (outcome.status === 'rejected') return await this.#device.read(offsetBytes, target);
      const from = offsetBytes - window.fromBytes;
      window.buffer.bytes.copy(target, 0, from, from + target.length);
    } finally {
      this.#leave(window);
    }
  }

  #known(offsetBytes: number): Window | undefined {
    return this.#windows.find(({ fromBytes, toBytes }) => fromBytes <= offsetBytes && offsetBytes < toBytes);
  }

  #window(offsetBytes: number): Window {
    const known = this.#known(offsetBytes);
    if (known !== undefined) return known;
    const { fromBytes, toBytes } = this.#rangeAt(offsetBytes);
    const buffer = this.#pool.take(toBytes - fromBytes);
    const loaded = this.#device.read(fromBytes, buffer.bytes);
    const window = { fromBytes, toBytes, buffer, loaded, users: 1, isForgotten: false };
    this.#windows = [...this.#windows, window];
    const leave = () => this.#leave(window);
    // Who asks for its bytes reads them again by themselves, and gets the error.
    loaded.then(leave, () => {
      this.#forget(window);
      leave();
    });
    for (const other of this.#windows.slice(0, -WINDOWS_MAX)) this.#forget(other);
    return window;
  }

  /** Of the window that begins at an offset or not far before it (A1). */
  #rangeAt(offsetBytes: number): Pick<Window, 'fromBytes' | 'toBytes'> {
    const fromBytes = offsetBytes - (offsetBytes % WINDOW_BYTES);
    const unitBytes = this.#goesOn ? LONG_WINDOW_BYTES : WINDOW_BYTES;
    const borderBytes = fromBytes - (fromBytes % unitBytes) + unitBytes;
    const others = this.#windows.map((other) => other.fromBytes).filter((other) => other > fromBytes);
    return { fromBytes, toBytes: Math.min(this.sizeBytes, borderBytes, ...others) };
  }

  #forget(window: Window): void {
    if (window.isForgotten) return;
    this.#windows = this.#windows.filter((other) => other !== window);
    window.isForgotten = true;
    if (window.users === 0) window.buffer.release();
  }

  #leave(window: Window): void {
    window.users -= 1;
    if (window.users === 0 && window.isForgotten) window.buffer.release();
  }
}
