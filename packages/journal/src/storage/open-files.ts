/**
 * Files open for reading, at most so many at once: a journal has more segments than a process may have
 * descriptors.
 */
import { assert } from '@landfall/runtime';
import type { JournalFile, JournalFiles } from './journal-files.ts';

const OPEN_FILES_MAX = 64;

interface OpenFile {
  readonly file: Promise<JournalFile>;
  users: number;
}

export class OpenFiles {
  readonly #files: JournalFiles;
  readonly #open = new Map<string, OpenFile>();

  constructor(files: JournalFiles) {
    this.#files = files;
  }

  async use<Result>(path: string, action: (file: JournalFile) => Promise<Result>): Promise<Result> {
    const entry = this.#entry(path);
    entry.users += 1;
    try {
      return await action(await entry.file);
    } finally {
      entry.users -= 1;
      await this.#closeUnused(OPEN_FILES_MAX);
    }
  }

  /** Nobody will ask for the file again. */
  async forget(path: string): Promise<void> {
    const entry = this.#open.get(path);
    if (entry === undefined) return;
    assert(entry.users === 0, 'a file that is read is not removed');
    this.#open.delete(path);
    await (await entry.file).close();
  }

  async close(): Promise<void> {
    await this.#closeUnused(0);
  }

  #entry(path: string): OpenFile {
    const known = this.#open.get(path);
    if (known === undefined) return this.#add(path);
    this.#open.delete(path);
    this.#open.set(path, known);
    return known;
  }

  #add(path: string): OpenFile {
    const file = this.#files.open(path);
    const entry: OpenFile = { file, users: 0 };
    this.#open.set(path, entry);
    file.catch(() => this.#open.delete(path)); // Whoever asked gets the error; the next one tries again.
    return entry;
  }

  async #closeUnused(openMax: number): Promise<void> {
    for (const [path, entry] of this.#open) {
      if (this.#open.size <= openMax) return;
      if (entry.users > 0) continue;
      this.#open.delete(path);
      await (await entry.file).close();
    }
  }
}
