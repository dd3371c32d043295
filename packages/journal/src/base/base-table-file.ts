/**
 * The file of the base table. Entries wait in memory and are written in runs: one write for many chunks. They
 * need no order among themselves or with the base: before the base becomes valid everything is synced, and
 * after a crash before that only an entry's presence is believed, its absence meaning zeroes that a rescan
 * finds to differ.
 */

import type { JournalFile } from '../storage/journal-files.ts';
import { TABLE_ENTRY_BYTES } from './base-table.ts';

const ENTRIES_WAITING_MAX = 64;

export class BaseTableFile {
  readonly #file: JournalFile;
  readonly #waiting = new Map<number, Buffer>();
  /** Entries being written; they are read from here until they are in the file. */
  #writing: ReadonlyMap<number, Buffer> = new Map();
  #flushing: Promise<void> = Promise.resolve();

  constructor(file: JournalFile) {
    this.#file = file;
  }

  sizeBytes(): Promise<number> {
    return this.#file.sizeBytes();
  }

  /** Errors: those of the storage. */
  async setEntry(chunk: number, entry: Buffer): Promise<void> {
    this.#waiting.set(chunk, entry);
    if (this.#waiting.size >= ENTRIES_WAITING_MAX) await this.flush();
  }

  /** The entry as it was last set. */
  async entry(chunk: number): Promise<Buffer> {
    const known = this.#waiting.get(chunk) ?? this.#writing.get(chunk);
    if (known !== undefined) return Buffer.from(known);
    const entry = Buffer.alloc(TABLE_ENTRY_BYTES);
    await this.#file.read(chunk * TABLE_ENTRY_BYTES, entry);
    return entry;
  }

  /** Entries as the file has them: `flush` first. */
  async read(firstChunk: number, count: number): Promise<Buffer> {
    const bytes = Buffer.alloc(count * TABLE_ENTRY_BYTES);
    await this.#file.read(firstChunk * TABLE_ENTRY_BYTES, bytes);
    return bytes;
  }

  /** What was set when it was called is in the file when it resolves. Errors: those of the storage. */
  flush(): Promise<void> {
    const flushed = this.#flushing.then(() => this.#writeWaiting());
    this.#flushing = Promise.allSettled([flushed]).then(() => undefined);
    return flushed;
  }

  async sync(): Promise<void> {
    await this.flush();
    await this.#file.sync();
  }

  async close(): Promise<void> {
    await this.#flushing;
    await this.#file.close();
  }

  async #writeWaiting(): Promise<void> {
    const entries = new Map([...this.#waiting].toSorted(([left], [right]) => left - right));
    this.#waiting.clear();
    this.#writing = entries;
    try {
      for (const { firstChunk, parts } of runsOf(entries)) {
        await this.#file.write(firstChunk * TABLE_ENTRY_BYTES, [Buffer.concat(parts)]);
      }
    } catch (error) {
      for (const [chunk, entry] of entries) if (!this.#waiting.has(chunk)) this.#waiting.set(chunk, entry);
      throw error;
    } finally {
      this.#writing = new Map();
    }
  }
}

interface EntryRun {
  readonly firstChunk: number;
  readonly parts: Buffer[];
}

/** Entries that stand side by side, from entries in the order of their chunks. */
function runsOf(entries: ReadonlyMap<number, Buffer>): readonly EntryRun[] {
  const runs: EntryRun[] = [];
  for (const [chunk, entry] of entries) {
    const last = runs.at(-1);
    if (last !== undefined && last.firstChunk + last.parts.length === chunk) last.parts.push(entry);
    else runs.push({ firstChunk: chunk, parts: [entry] });
  }
  return runs;
}
