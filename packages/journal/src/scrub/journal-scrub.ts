/**
 * Reads and verifies every byte of a journal, one step at a time, over and over (J6). A step reads about a
 * MiB; how fast steps follow each other is the caller's. Views and writing go on beside it: what is committed
 * does not change, and what is not is left for the next pass.
 *
 * A pass ends when it has been through all files; damage that it did not meet again is gone then: repaired,
 * or no longer part of the journal.
 */
import { type Logger, OperationError } from '@landfall/runtime';
import { GROUP_PATH, manifestPath, readGroup, readManifest } from '../documents/manifest.ts';
import type { DiskJournal } from '../group/disk-journal.ts';
import { POINTS_PATH, readPoints } from '../points/points-document.ts';
import type { JournalSegment } from '../segments/journal-segment.ts';
import type { JournalFiles } from '../storage/journal-files.ts';
import type { OpenFiles } from '../storage/open-files.ts';
import { baseBytes, scrubBase } from './base-scrub.ts';
import { healDamage } from './heal.ts';
import { type DamagedRange, damageKey, type JournalDamage, seenNow } from './journal-damage.ts';
import { PASS_START, readScrubRecord, type ScrubCursor, writeScrubRecord } from './scrub-cursor.ts';
import { type ScrubbedSegment, SegmentLayout, scrubSegment } from './segment-scrub.ts';

/** What a scrub reads of a journal that is open. */
export interface ScrubbedJournal {
  readonly journalId: string;
  readonly files: JournalFiles;
  readonly openFiles: OpenFiles;
  readonly disks: readonly DiskJournal[];
  /** Durable. */
  readonly lastEpoch: number;
  /** Of the newest recovery point, verified. Errors: EXTENT_DAMAGED. */
  readNewest(range: DamagedRange): Promise<Buffer>;
  /** As it is known, beside no write. */
  rewriteManifest(diskId: string): Promise<void>;
}

export interface ScrubStatus {
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly passStartedAtMs: number;
  /** Of the last pass that came to its end; 0: none has. */
  readonly passEndedAtMs: number;
  readonly passes: number;
  /** The first DAMAGES_KEPT_MAX of those known. */
  readonly damages: readonly JournalDamage[];
  readonly damageCount: number;
}

/** Beyond this many, damage is counted and not kept: the storage has to be replaced anyway. */
export const DAMAGES_KEPT_MAX = 256;
const SAVE_EVERY_BYTES_DEFAULT = 64 * 1024 * 1024;

export interface JournalScrubOptions {
  readonly logger: Logger;
  /** What a killed process reads again at most. */
  readonly saveEveryBytes?: number;
  /** False: a pass of its own from the beginning, that leaves no word of itself. */
  readonly keepsRecord?: boolean;
}

interface Step {
  readonly bytes: number;
  readonly damages: readonly JournalDamage[];
  /** Absent at the end of a pass. */
  readonly next?: ScrubCursor;
}

export class JournalScrub {
  readonly #logger: Logger;
  readonly #saveEveryBytes: number;
  readonly #keepsRecord: boolean;
  #loaded = false;
  #cursor = PASS_START;
  #layout: SegmentLayout | undefined;
  #bytesDone = 0;
  #bytesTotal = 0;
  #bytesSaved = 0;
  #passStartedAtMs = 0;
  #passEndedAtMs = 0;
  #passes = 0;
  /** Known, and told in the log: met in this pass, or in the one before it. */
  readonly #damages = new Map<string, JournalDamage>();
  readonly #met = new Set<string>();
  readonly #unhealable = new Set<string>();

  constructor(options: JournalScrubOptions) {
    const { logger, saveEveryBytes = SAVE_EVERY_BYTES_DEFAULT, keepsRecord = true } = options;
    this.#logger = logger;
    this.#saveEveryBytes = saveEveryBytes;
    this.#keepsRecord = keepsRecord;
  }

  get status(): ScrubStatus {
    return {
      bytesDone: Math.min(this.#bytesDone, this.#bytesTotal),
      bytesTotal: this.#bytesTotal,
      passStartedAtMs: this.#passStartedAtMs,
      passEndedAtMs: this.#passEndedAtMs,
      passes: this.#passes,
      damages: [...this.#damages.values()].slice(0, DAMAGES_KEPT_MAX),
      damageCount: this.#damages.size,
    };
  }

  /** A pass has begun, in this process or before it, and has not ended. */
  get isInPass(): boolean {
    return !this.#loaded || this.#cursor !== PASS_START;
  }

  /**
   * One step, the first of which only finds out how far an earlier process came; resolves to the bytes read
   * and whether a pass has ended. Errors: JOURNAL_STORAGE_FAILED.
   */
  async step(
    journal: ScrubbedJournal,
    nowMs: number,
  ): Promise<{ readonly bytes: number; readonly endsPass: boolean }> {
    if (!this.#loaded) {
      await this.#load(journal);
      return { bytes: 0, endsPass: false };
    }
    if (this.#cursor === PASS_START) this.#beginPass(nowMs);
    this.#bytesTotal = await totalBytes(journal);
    const { bytes, damages, next } = await this.#stepAt(journal, this.#cursor);
    for (const damage of damages) this.#note(damage);
    this.#bytesDone += bytes;
    this.#cursor = next ?? PASS_START;
    if (next === undefined) this.#endPass(nowMs);
    const isDue = this.#bytesDone - this.#bytesSaved >= this.#saveEveryBytes;
    if (next === undefined || damages.length > 0 || isDue) await this.#save(journal);
    return { bytes, endsPass: next === undefined };
  }

  /**
   * What is known of damage as it stands now. Where the newest state is sound again and has the very bytes
   * that are lost, they are put right in place (heal.ts). Resolves to what the source is to send again.
   */
  async repair(journal: ScrubbedJournal): Promise<readonly DamagedRange[]> {
    const { disks, lastEpoch } = journal;
    for (const [key, known] of this.#damages) {
      const damage = seenNow(disks, lastEpoch, known);
      this.#damages.set(key, damage);
      if (damage.range?.isInNewest) continue;
      const { path, positionBytes } = damage;
      if (known.range?.isInNewest) this.#logger.info('journal-damage-repaired', { path, positionBytes });
      if (this.#unhealable.has(key) || !(await this.#heal(journal, key, damage))) continue;
      this.#logger.info('journal-damage-healed', { path, positionBytes });
    }
    return [...this.#damages.values()].flatMap(({ range }) => (range?.isInNewest === true ? [range] : []));
  }

  /** Tried once: what the source holds there has another checksum, and is not going to change back. */
  async #heal(journal: ScrubbedJournal, key: string, damage: JournalDamage): Promise<boolean> {
    this.#unhealable.add(key);
    if (!(await healDamage(journal, damage))) return false;
    this.#unhealable.delete(key);
    this.#damages.delete(key);
    this.#met.delete(key);
    await this.#save(journal);
    return true;
  }

  /** Leaves word of how far it came. */
  async save(journal: ScrubbedJournal): Promise<void> {
    if (this.#loaded) await this.#save(journal);
  }

  async #load(journal: ScrubbedJournal): Promise<void> {
    const record = this.#keepsRecord ? await readScrubRecord(journal.files) : undefined;
    this.#loaded = true;
    if (record === undefined || record.journalId !== journal.journalId) return;
    this.#cursor = sameAsStart(record.cursor) ? PASS_START : record.cursor;
    this.#bytesDone = record.bytesDone;
    this.#bytesSaved = record.bytesDone;
    this.#passStartedAtMs = record.passStartedAtMs;
    this.#passEndedAtMs = record.passEndedAtMs;
    this.#passes = record.passes;
    for (const damage of record.damages) this.#damages.set(damageKey(damage), damage);
    for (const key of record.met) this.#met.add(key);
  }

  async #save({ files, journalId }: ScrubbedJournal): Promise<void> {
    this.#bytesSaved = this.#bytesDone;
    if (!this.#keepsRecord) return;
    await writeScrubRecord(files, {
      journalId,
      cursor: this.#cursor,
      bytesDone: this.#bytesDone,
      passStartedAtMs: this.#passStartedAtMs,
      passEndedAtMs: this.#passEndedAtMs,
      passes: this.#passes,
      damages: [...this.#damages.values()].slice(0, DAMAGES_KEPT_MAX),
      met: [...this.#met].slice(0, DAMAGES_KEPT_MAX),
    });
  }

  #beginPass(nowMs: number): void {
    this.#bytesDone = 0;
    this.#bytesSaved = 0;
    this.#passStartedAtMs = nowMs;
    this.#met.clear();
  }

  #endPass(nowMs: number): void {
    this.#passEndedAtMs = nowMs;
    this.#passes += 1;
    this.#layout = undefined;
    for (const [key, damage] of this.#damages) {
      if (this.#met.has(key)) continue;
      this.#damages.delete(key);
      this.#logger.info('journal-damage-gone', { path: damage.path, positionBytes: damage.positionBytes });
    }
    this.#logger.info('journal-scrubbed', { bytes: this.#bytesDone, damages: this.#damages.size });
  }

  #note(damage: JournalDamage): void {
    const key = damageKey(damage);
    const isNews = !this.#damages.has(key);
    this.#met.add(key);
    this.#damages.set(key, damage);
    if (isNews) this.#logger.error('journal-damage-found', { ...damage });
  }

  async #stepAt(journal: ScrubbedJournal, cursor: ScrubCursor): Promise<Step> {
    if (cursor.diskIndex < 0) return this.#scrubGroup(journal);
    const disk = journal.disks[cursor.diskIndex];
    if (disk === undefined) return { bytes: 0, damages: [] };
    if (cursor.part === 'MANIFEST') return this.#scrubManifest(journal, disk);
    if (cursor.part === 'BASE') return this.#scrubBase(journal, disk, cursor.number);
    return this.#scrubSegments(journal, disk, cursor);
  }

  async #scrubGroup({ files }: ScrubbedJournal): Promise<Step> {
    const group = await damagedDocument(GROUP_PATH, () => readGroup(files));
    // A journal without pins, locks and dropped points may have none.
    const points = await damagedDocument(POINTS_PATH, async () => (await readPoints(files)) ?? {});
    const damages = [...group, ...points];
    return { bytes: 0, damages, next: { ...PASS_START, diskIndex: 0 } };
  }

  async #scrubManifest({ files }: ScrubbedJournal, { diskIndex, diskId }: DiskJournal): Promise<Step> {
    const found = await damagedDocument(manifestPath(diskIndex), () => readManifest(files, diskIndex));
    const damages = found.map((damage) => ({ ...damage, diskId }));
    return { bytes: 0, damages, next: { diskIndex, part: 'BASE', number: 0, positionBytes: 0 } };
  }

  async #scrubBase({ lastEpoch }: ScrubbedJournal, disk: DiskJournal, chunk: number): Promise<Step> {
    const { diskIndex } = disk;
    const { bytes, damages, nextChunk } = await scrubBase(disk, lastEpoch, chunk);
    const part = nextChunk === undefined ? 'SEGMENTS' : 'BASE';
    return { bytes, damages, next: { diskIndex, part, number: nextChunk ?? 0, positionBytes: 0 } };
  }

  /** Segments that are gone meanwhile are passed over; those that came are at the end. */
  async #scrubSegments(
    { journalId, openFiles, lastEpoch }: ScrubbedJournal,
    disk: DiskJournal,
    cursor: ScrubCursor,
  ): Promise<Step> {
    const { diskIndex } = disk;
    const segment = nextSegment(disk, cursor.number);
    if (segment === undefined) {
      return { bytes: 0, damages: [], next: { ...PASS_START, diskIndex: diskIndex + 1 } };
    }
    if (this.#layout?.isOf(segment, lastEpoch) !== true) this.#layout = new SegmentLayout(segment, lastEpoch);
    const scrubbed: ScrubbedSegment = { journalId, disk, segment, openFiles, lastEpoch };
    const from = segment.number === cursor.number ? cursor.positionBytes : 0;
    const { bytes, damages, nextBytes } = await scrubSegment(scrubbed, this.#layout, from);
    const isGone = !disk.segments.includes(segment);
    const place = { diskIndex, part: 'SEGMENTS' as const };
    return {
      bytes,
      damages: isGone ? [] : damages,
      next:
        nextBytes === undefined
          ? { ...place, number: segment.number + 1, positionBytes: 0 }
          : { ...place, number: segment.number, positionBytes: nextBytes },
    };
  }
}

/** By number: compaction puts new ones between old ones. */
function nextSegment({ segments }: DiskJournal, number: number): JournalSegment | undefined {
  let next: JournalSegment | undefined;
  for (const segment of segments) {
    if (segment.number >= number && segment.number < (next?.number ?? Number.POSITIVE_INFINITY))
      next = segment;
  }
  return next;
}

function sameAsStart({ diskIndex }: ScrubCursor): boolean {
  return diskIndex === PASS_START.diskIndex;
}

async function damagedDocument(
  path: string,
  read: () => Promise<unknown>,
): Promise<readonly JournalDamage[]> {
  const missing: JournalDamage = { kind: 'DOCUMENT', path, positionBytes: 0, what: 'it is missing' };
  try {
    return (await read()) === undefined ? [missing] : [];
  } catch (error) {
    if (!(error instanceof OperationError) || error.code === 'JOURNAL_STORAGE_FAILED') throw error;
    return [{ ...missing, what: error.message }];
  }
}

async function totalBytes({ disks, lastEpoch }: ScrubbedJournal): Promise<number> {
  let total = 0;
  for (const disk of disks) {
    total += baseBytes(disk.base);
    for (const segment of disk.segments) {
      total += disk.sealedEntry(segment.number)?.sizeBytes ?? segment.commits.endOf(lastEpoch);
    }
  }
  return total;
}
