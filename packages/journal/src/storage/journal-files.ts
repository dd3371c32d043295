/**
 * What the journal asks of storage. One implementation is the file system (`file-journal-files.ts`), the
 * other a simulated one that loses power at any write (`simulated-journal-files.ts`). Paths are relative to
 * the group folder, with `/`. System errors are thrown as they come (`ENOSPC` …); the journal gives them
 * their meaning.
 *
 * Durability: written bytes and sizes are durable after `JournalFile.sync`, names after `syncFolder` of their
 * folder; `replace` is atomic and durable when it resolves.
 */
export interface JournalFile {
  sizeBytes(): Promise<number>;
  /** Fills `target` as far as the file goes; resolves to the number of bytes read. */
  read(positionBytes: number, target: Buffer): Promise<number>;
  /** Fills all the parts, one after the other, from `positionBytes`; false when the file ends before. */
  readParts(positionBytes: number, parts: readonly Buffer[]): Promise<boolean>;
  /** Writes all the parts one after the other from `positionBytes`, or rejects. */
  write(positionBytes: number, parts: readonly Buffer[]): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  /** `fdatasync`: everything written before is durable when it resolves (J2). */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface JournalFiles {
  /** What a program must know to read files of this storage: members of `requires` in `group.json`. */
  readonly features?: readonly string[];
  /** An empty file, open for reading and writing; one that exists is emptied. */
  create(path: string): Promise<JournalFile>;
  /** An existing file, open for reading and writing. */
  open(path: string): Promise<JournalFile>;
  /** The whole file, or `undefined` when there is none. */
  readWhole(path: string): Promise<Buffer | undefined>;
  /** Replaces the whole file, atomically and durably: afterwards it is the old content or the new one. */
  replace(path: string, content: string): Promise<void>;
  ensureFolder(path: string): Promise<void>;
  /** Names in a folder, sorted; none when it does not exist. */
  list(path: string): Promise<string[]>;
  syncFolder(path: string): Promise<void>;
  /**
   * A file, or a folder with everything in it; nothing to do when it does not exist. `''` is the group
   * folder.
   */
  remove(path: string): Promise<void>;
  /** Bytes of storage a file or folder takes, all of the group folder by default; holes are not counted. */
  allocatedBytes(path?: string): Promise<number>;
  /** Bytes that can still be written to the storage the group folder is on. */
  freeBytes(): Promise<number>;
  /** Takes the folder for this process; the returned function gives it back. Errors: JOURNAL_IN_USE. */
  lock(): Promise<() => Promise<void>>;
}
