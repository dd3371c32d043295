/**
 * The replica's chunk hashes as the comparison asks for them: in windows, the next one asked for ahead of
 * time so that both ends hash at once, only the newest few kept. One reader per connection; `reset` when a
 * comparison begins, because answers asked for before it are of an older state.
 */
import { assert, OperationError } from '@landfall/runtime';
import { HASH_BYTES, type Hashes, type HashesRequest } from '@landfall/wire';
import { RESCAN_CHUNK_BYTES } from '../epoch-store.ts';

export const WINDOW_CHUNKS = 64;
const WINDOWS_MAX = 8;

interface Window {
  readonly requestId: number;
  readonly count: number;
  hashes: Buffer | undefined;
  waiting: { resolve: (hashes: Buffer) => void; reject: (error: unknown) => void }[];
}

export class HashReader {
  readonly #sizesBytes: readonly number[];
  readonly #send: (request: HashesRequest) => void;
  readonly #windows = new Map<string, Window>();
  #lastRequestId = 0;
  #failure: { readonly error: unknown } | undefined;

  /** `send` does not wait; what goes wrong there is told by `fail`. */
  constructor(sizesBytes: readonly number[], send: (request: HashesRequest) => void) {
    this.#sizesBytes = sizesBytes;
    this.#send = send;
  }

  async hashOf(diskIndex: number, chunk: number): Promise<Buffer> {
    const index = Math.floor(chunk / WINDOW_CHUNKS);
    const window = this.#window(diskIndex, index);
    assert(window !== undefined, 'a chunk lies on its disk');
    this.#window(diskIndex, index + 1);
    const hashes = window.hashes ?? (await this.#answered(window));
    const at = (chunk - index * WINDOW_CHUNKS) * HASH_BYTES;
    return hashes.subarray(at, at + HASH_BYTES);
  }

  /** Errors: PROTOCOL_VIOLATION when nobody asked for that many. */
  onHashes({ requestId, hashes }: Hashes): void {
    const window = [...this.#windows.values()].find((candidate) => candidate.requestId === requestId);
    if (window === undefined && requestId >= 1 && requestId <= this.#lastRequestId) return;
    if (window === undefined || hashes.length !== window.count * HASH_BYTES) throw unexpectedHashes();
    window.hashes = hashes;
    for (const { resolve } of window.waiting) resolve(hashes);
    window.waiting = [];
  }

  reset(): void {
    for (const window of this.#windows.values())
      assert(window.waiting.length === 0, 'nobody waits for hashes while a comparison begins');
    this.#windows.clear();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    for (const window of this.#windows.values()) {
      for (const { reject } of window.waiting) reject(error);
      window.waiting = [];
    }
  }

  #window(diskIndex: number, index: number): Window | undefined {
    const key = `${diskIndex}/${index}`;
    const known = this.#windows.get(key);
    if (known !== undefined) return known;
    const firstChunk = index * WINDOW_CHUNKS;
    const chunks = Math.ceil((this.#sizesBytes[diskIndex] ?? 0) / RESCAN_CHUNK_BYTES);
    const count = Math.min(WINDOW_CHUNKS, chunks - firstChunk);
    if (count <= 0) return undefined;
    this.#lastRequestId += 1;
    const window: Window = { requestId: this.#lastRequestId, count, hashes: undefined, waiting: [] };
    this.#windows.set(key, window);
    this.#forgetOldest();
    this.#send({ type: 'HASHES_REQUEST', requestId: window.requestId, diskIndex, firstChunk, count });
    return window;
  }

  #forgetOldest(): void {
    for (const [key, window] of this.#windows) {
      if (this.#windows.size <= WINDOWS_MAX) return;
      if (window.waiting.length === 0) this.#windows.delete(key);
    }
  }

  #answered(window: Window): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) reject(this.#failure.error);
      else window.waiting.push({ resolve, reject });
    });
  }
}

function unexpectedHashes(): OperationError {
  return new OperationError('PROTOCOL_VIOLATION', 'the replication server sent hashes nobody asked for', {
    hint: 'check that agent and replication server are of compatible versions',
  });
}
