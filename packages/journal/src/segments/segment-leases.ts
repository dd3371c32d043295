/**
 * Who still reads a segment. One that compaction replaced is removed when its last reader closed; what a
 * crash leaves behind is not in the manifest and is removed when the journal is opened.
 */
import type { Logger } from '@landfall/runtime';
import type { JournalFiles } from '../storage/journal-files.ts';
import type { OpenFiles } from '../storage/open-files.ts';
import type { JournalSegment } from './journal-segment.ts';

export class SegmentLeases {
  readonly #files: JournalFiles;
  readonly #openFiles: OpenFiles;
  readonly #logger: Logger;
  readonly #readers = new Map<JournalSegment, number>();
  readonly #retired = new Set<JournalSegment>();

  constructor(files: JournalFiles, openFiles: OpenFiles, logger: Logger) {
    this.#files = files;
    this.#openFiles = openFiles;
    this.#logger = logger;
  }

  /** Segments that no manifest lists any more and that are still read. */
  get retiredPaths(): readonly string[] {
    return [...this.#retired].map(({ path }) => path);
  }

  take(segments: readonly JournalSegment[]): void {
    for (const segment of segments) this.#readers.set(segment, (this.#readers.get(segment) ?? 0) + 1);
  }

  async giveBack(segments: readonly JournalSegment[]): Promise<void> {
    for (const segment of segments) {
      const readers = (this.#readers.get(segment) ?? 1) - 1;
      if (readers > 0) this.#readers.set(segment, readers);
      else this.#readers.delete(segment);
    }
    for (const segment of segments) await this.#removeUnused(segment);
  }

  /** The manifest does not list them any more. */
  async retire(segments: readonly JournalSegment[]): Promise<void> {
    for (const segment of segments) this.#retired.add(segment);
    for (const segment of segments) await this.#removeUnused(segment);
  }

  /**
   * The journal is open no more: nobody reads, and what was not removed yet is removed by the next opening.
   */
  close(): void {
    this.#readers.clear();
    this.#retired.clear();
  }

  async #removeUnused(segment: JournalSegment): Promise<void> {
    if (!this.#retired.has(segment) || this.#readers.has(segment)) return;
    this.#retired.delete(segment);
    await this.removeFile(segment.path);
  }

  /** A file that no manifest lists. */
  async removeFile(path: string): Promise<void> {
    try {
      await this.#openFiles.forget(path);
      await this.#files.remove(path);
    } catch (error) {
      // Nothing refers to the file; the next opening removes it.
      this.#logger.warn('journal-segment-not-removed', { path, error });
    }
  }
}
