/**
 * When epochs become durable, seen from outside: follows the journal's active segment as it grows (the
 * journal's FORMAT.md, "Segments"), and after each new commit record syncs the file itself. When that has
 * returned, the record and all before it are on disk, whatever the replication server says: an upper bound
 * that trusts nobody. For a server of one disk.
 */
import { statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import {
  COMMIT_RECORD_BYTES,
  decodeRecord,
  recordBytes,
  SEGMENT_HEADER_BYTES,
} from '../../packages/journal/src/segments/segment-records.ts';
import { readIfExists, systemClock } from '../../packages/runtime/src/index.ts';

export interface DurableCut {
  readonly epoch: number;
  readonly cutMonotonicNs: bigint;
  /** Not later than this it was durable. */
  readonly durableNs: bigint;
}

interface Manifest {
  readonly segments: readonly { readonly number: number; readonly state: string }[];
}

const POLL_MS = 2;
const WINDOW_BYTES = 8 * 1024 * 1024;

export class JournalWatch {
  readonly cuts: DurableCut[] = [];
  readonly #folder: string;
  readonly #window = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  #stopped = false;

  constructor(journalFolder: string) {
    this.#folder = join(journalFolder, 'disk-0');
  }

  /** Follows until `stop`. */
  async run(): Promise<void> {
    for (let number = await this.#activeSegment(); !this.#stopped; number += 1) await this.#follow(number);
  }

  stop(): void {
    this.#stopped = true;
  }

  async #activeSegment(): Promise<number> {
    const manifest = JSON.parse((await readIfExists(join(this.#folder, 'manifest'))) ?? '{}') as Manifest;
    return manifest.segments.at(-1)?.number ?? 1;
  }

  async #follow(number: number): Promise<void> {
    const file = await this.#open(number);
    if (file === undefined) return;
    try {
      const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
      await file.read(header, 0, header.length, 0);
      const identity = header.readUInt32LE(SEGMENT_HEADER_BYTES - 4);
      let position: number | 'sealed' = SEGMENT_HEADER_BYTES;
      while (position !== 'sealed' && !this.#stopped) {
        const reached: number | 'sealed' = await this.#readFrom(file, identity, position);
        if (reached === position) await systemClock.sleep(POLL_MS);
        position = reached;
      }
    } finally {
      await file.close();
    }
  }

  /** The next segment is made when its first epoch comes. */
  async #open(number: number): Promise<FileHandle | undefined> {
    const path = join(this.#folder, 'segments', String(number).padStart(4, '0'));
    while (!this.#stopped) {
      // With its header in it, it was made to the end.
      const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      if (sizeBytes >= SEGMENT_HEADER_BYTES) return open(path, 'r');
      await systemClock.sleep(POLL_MS);
    }
    return undefined;
  }

  /** Takes in what there is; where the next record will begin, or that no more come. */
  async #readFrom(file: FileHandle, identity: number, from: number): Promise<number | 'sealed'> {
    const { bytesRead } = await file.read(this.#window, 0, this.#window.length, from);
    const found: Omit<DurableCut, 'durableNs'>[] = [];
    let at = 0;
    let sealed = false;
    for (;;) {
      const record = decodeRecord(this.#window.subarray(at, Math.min(bytesRead, at + COMMIT_RECORD_BYTES)), {
        identity,
        positionBytes: from + at,
      });
      sealed = record?.kind === 'index';
      if (record === undefined || record.kind === 'index' || at + recordBytes(record) > bytesRead) break;
      if (record.kind === 'commit')
        found.push({ epoch: record.epoch, cutMonotonicNs: record.cutMonotonicNs });
      at += recordBytes(record);
    }
    await this.#note(file, found);
    return sealed ? 'sealed' : from + at;
  }

  async #note(file: FileHandle, found: readonly Omit<DurableCut, 'durableNs'>[]): Promise<void> {
    if (found.length === 0) return;
    await file.datasync();
    const durableNs = systemClock.monotonicNs();
    this.cuts.push(...found.map((cut) => ({ ...cut, durableNs })));
  }
}
