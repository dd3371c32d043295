/**
 * Moves the base of a disk forward: sealed segments that end before the oldest point anybody reads go into
 * the base and are removed. Each disk does that on its own. The oldest point itself stays in the segments,
 * so what decides which epochs exist (J1) does not change.
 *
 * B1 First the table of the base as it will be is written, and synced. Then the manifest says that the
 *    first segments are on their way into the base. From then on the base is read by the new table, with
 *    these segments over what the file has: a block is right whether it was written already, is being
 *    written, or was torn by a crash. Only bytes that the segments have are written.
 * B2 After a crash the segments are applied again. They are there until the manifest lists them no more,
 *    which it does only when the base file was synced.
 * B3 Damage is not carried into the base: what cannot be verified stops the advance, and stays where it is.
 * B4 A table is written only for segments that are 32 times as large, so that its cost is bounded.
 */
import type { Logger } from '@landfall/runtime';
import { OperationError } from '@landfall/runtime';
import type { BaseAdvanceEntry } from '../documents/manifest.ts';
import type { DiskJournal } from '../group/disk-journal.ts';
import { stagingFull, storageFailure } from '../journal-errors.ts';
import type { JournalSegment } from '../segments/journal-segment.ts';
import type { SegmentLeases } from '../segments/segment-leases.ts';
import type { ContentCache } from '../storage/content-cache.ts';
import type { JournalFile, JournalFiles } from '../storage/journal-files.ts';
import type { OpenFiles } from '../storage/open-files.ts';
import { BaseChanges, type ChangedExtent, chunkRange, isChanged } from './base-changes.ts';
import { BaseImage, basePath, CHUNK_HOLE, tablePath } from './base-image.ts';
import { TABLE_ENTRY_BYTES } from './base-table.ts';
import { NextBaseTable } from './next-base-table.ts';
import { VerifiedBase } from './verified-base.ts';

export const TABLE_FACTOR_DEFAULT = 32;
const STEP_CHUNKS = 8;
/** Of the segments that go into the base together, unless its table asks for more. */
const BATCH_BYTES = 1024 * 1024 * 1024;

export interface BaseAdvanceOptions {
  readonly files: JournalFiles;
  readonly openFiles: OpenFiles;
  readonly leases: SegmentLeases;
  readonly cache: ContentCache;
  readonly logger: Logger;
  /** All disks; grows when one joins. */
  readonly disks: readonly DiskJournal[];
  readonly reserveBytes: number;
  /** Segments go into the base when they are so many times as large as its table (B4). */
  readonly tableFactor: number;
  /** The oldest epoch that is listed or viewed. */
  readonly oldestReadEpoch: () => number;
  readonly between: (operation: () => Promise<void>) => Promise<void>;
}

export type AdvanceStep = 'NOTHING' | 'COPIED' | 'ADVANCED';

interface Measuring {
  readonly kind: 'measuring';
  readonly disk: DiskJournal;
  readonly batch: readonly JournalSegment[];
  readonly changes: BaseChanges;
  readonly search: Generator<undefined, ChangedExtent>;
}

interface Building {
  readonly kind: 'building';
  readonly disk: DiskJournal;
  readonly file: JournalFile;
  readonly table: NextBaseTable;
  readonly advance: Omit<BaseAdvanceEntry, 'tableSha256'>;
}

interface Applying {
  readonly kind: 'applying';
  readonly disk: DiskJournal;
  readonly file: JournalFile;
  readonly changes: BaseChanges;
  readonly chunks: readonly number[];
  next: number;
}

export class BaseAdvance {
  readonly #options: BaseAdvanceOptions;
  #work: Measuring | Building | Applying | undefined;
  /** The batch of each disk that cannot be applied as it is (B3). */
  readonly #stopped = new Map<DiskJournal, string>();
  /** Whether the manifest on disk names the new table is known only when the old one is written again. */
  #uncertain: { readonly disk: DiskJournal; readonly path: string } | undefined;

  /** Advances that a program before this one began are seen by every read at once. */
  constructor(options: BaseAdvanceOptions) {
    this.#options = options;
    for (const disk of options.disks) if (disk.advance !== undefined) this.#cover(disk, disk.base);
  }

  /** Segments of some disk are being read to go into its base. */
  get isUnderWay(): boolean {
    return this.#work !== undefined;
  }

  /** One bounded piece of work. Errors: STAGING_FULL, JOURNAL_STORAGE_FAILED. */
  async step(): Promise<AdvanceStep> {
    try {
      return await this.#step();
    } catch (error) {
      const disk = this.#work?.disk;
      await this.abandon();
      if (disk === undefined || !isDamage(error)) throw storageFailure(error);
      this.#options.logger.error('journal-base-not-advanced', { diskIndex: disk.diskIndex, error });
      this.#stopped.set(disk, nameOf(this.#batch(disk)));
      return 'COPIED';
    }
  }

  async abandon(): Promise<void> {
    const work = this.#work;
    this.#work = undefined;
    if (work === undefined || work.kind === 'measuring') return;
    await work.file.close();
    if (work.kind === 'applying') return;
    await work.table.close();
    if (this.#uncertain?.path !== work.table.path) await this.#options.leases.removeFile(work.table.path);
  }

  async #step(): Promise<AdvanceStep> {
    await this.#makeCertain();
    this.#work ??= this.#next();
    const work = this.#work;
    if (work === undefined) return 'NOTHING';
    if (work.kind === 'applying') return this.#apply(work);
    if (work.kind === 'building') await this.#build(work);
    else await this.#measure(work);
    return 'COPIED';
  }

  #next(): Measuring | undefined {
    for (const disk of this.#options.disks) {
      const batch = this.#batch(disk);
      if (batch.length === 0 || this.#stopped.get(disk) === nameOf(batch)) continue;
      const changes = this.#changesOf(batch);
      return { kind: 'measuring', disk, batch, changes, search: changes.measure() };
    }
    return undefined;
  }

  async #measure(work: Measuring): Promise<void> {
    const result = work.search.next();
    if (result.done !== true) return;
    const { disk } = work;
    this.#work =
      disk.advance === undefined
        ? await this.#startBuilding(work, result.value)
        : await this.#resume(work, result.value);
  }

  /** The segments that may go into the base now, if that is worth a table; or that are on their way. */
  #batch(disk: DiskJournal): readonly JournalSegment[] {
    if (disk.advance !== undefined) return disk.segments.slice(0, disk.advance.segmentCount);
    const oldest = this.#options.oldestReadEpoch();
    const neededBytes = this.#options.tableFactor * (disk.base.chunkCount + 1) * TABLE_ENTRY_BYTES;
    const batch: JournalSegment[] = [];
    let bytes = 0;
    for (const segment of disk.sealedSegments) {
      if ((segment.commits.lastEpoch ?? 0) >= oldest || bytes >= Math.max(neededBytes, BATCH_BYTES)) break;
      batch.push(segment);
      bytes += disk.sealedBytes(segment);
    }
    return bytes >= neededBytes ? batch : [];
  }

  async #startBuilding(
    { disk, batch, changes }: Measuring,
    { chunks: changedChunks, endBytes }: ChangedExtent,
  ): Promise<Building> {
    const { files, cache } = this.#options;
    const { base, diskIndex } = disk;
    const sizeBytes = Math.max(base.sizeBytes, endBytes);
    const tableNumber = 1 + (disk.advancedBase?.tableNumber ?? 0);
    const throughEpoch = batch.at(-1)?.commits.lastEpoch ?? 0;
    const advance = { tableNumber, sizeBytes, throughEpoch, segmentCount: batch.length };
    const verified = new VerifiedBase({ base: () => base, cache, diskIndex, epoch: 0 });
    const baseFile = await files.open(basePath(diskIndex));
    const shape = { files, diskIndex, tableNumber, base, sizeBytes };
    try {
      const table = await NextBaseTable.create({ ...shape, verified, baseFile, changes, changedChunks });
      return { kind: 'building', disk, file: baseFile, table, advance };
    } catch (error) {
      await baseFile.close();
      throw error;
    }
  }

  async #build(work: Building): Promise<void> {
    const { disk, table, file, advance } = work;
    if (!(await table.step(STEP_CHUNKS))) return;
    const usableBytes = (await this.#options.files.freeBytes()) - this.#options.reserveBytes / 2;
    if (table.newBytes > usableBytes) throw stagingFull({ freeBytes: usableBytes });
    const tableSha256 = await table.finish();
    this.#uncertain = { disk, path: table.path };
    await this.#options.between(() => disk.beginAdvance({ ...advance, tableSha256 }));
    this.#uncertain = undefined;
    this.#work = undefined;
    await file.close();
  }

  async #makeCertain(): Promise<void> {
    const uncertain = this.#uncertain;
    if (uncertain === undefined) return;
    await this.#options.between(() => uncertain.disk.restoreManifest());
    this.#uncertain = undefined;
    await this.#options.leases.removeFile(uncertain.path);
  }

  /** From the beginning: what was applied already is applied again (B2). */
  async #resume({ disk, changes }: Measuring, { chunks }: ChangedExtent): Promise<Applying> {
    await this.#useNextTable(disk);
    const file = await this.#options.files.open(basePath(disk.diskIndex));
    return { kind: 'applying', disk, file, changes, chunks, next: 0 };
  }

  /** Not a byte of the base file changes before reads go by the new table (B1). */
  async #useNextTable(disk: DiskJournal): Promise<void> {
    const { advance, diskIndex, base: before } = disk;
    if (advance === undefined || before.tablePath === tablePath(diskIndex, advance.tableNumber)) return;
    const { files } = this.#options;
    const { sizeBytes, tableNumber, tableSha256 } = advance;
    await growFile(files, basePath(diskIndex), sizeBytes);
    const base = await BaseImage.open({ files, diskIndex, sizeBytes, tableNumber }, tableSha256);
    this.#cover(disk, base);
    disk.useBase(base);
    await before.close();
  }

  #cover(disk: DiskJournal, base: BaseImage): void {
    const changes = this.#changesOf(this.#batch(disk));
    base.setOverlay({ cover: (offsetBytes, target) => changes.cover(offsetBytes, target) });
  }

  #changesOf(batch: readonly JournalSegment[]): BaseChanges {
    const { openFiles, cache } = this.#options;
    return new BaseChanges(batch, openFiles, cache);
  }

  async #apply(work: Applying): Promise<AdvanceStep> {
    const end = Math.min(work.chunks.length, work.next + STEP_CHUNKS);
    for (; work.next < end; work.next += 1) await applyChunk(work, work.chunks[work.next] ?? 0);
    if (work.next < work.chunks.length) return 'COPIED';
    await work.file.sync();
    await this.#end(work.disk);
    this.#work = undefined;
    await work.file.close();
    return 'ADVANCED';
  }

  async #end(disk: DiskJournal): Promise<void> {
    const { between, leases, logger } = this.#options;
    const { base, diskIndex } = disk;
    const before = tablePath(diskIndex, disk.advancedBase?.tableNumber ?? 0);
    let applied: readonly JournalSegment[] = [];
    await between(async () => {
      applied = await disk.endAdvance();
    });
    base.setOverlay(undefined);
    const segments = applied.map(({ number }) => number).join(', ');
    logger.info('journal-base-advanced', { diskIndex, segments, ...disk.advancedBase });
    await leases.removeFile(before);
    await leases.retire(applied);
  }
}

/** Changes when there is more to apply, or other segments. */
function nameOf(batch: readonly JournalSegment[]): string {
  return batch.map(({ number }) => number).join(' ');
}

async function applyChunk({ disk, file, changes }: Applying, chunk: number): Promise<void> {
  // All of it becomes zero, and the new table says so: what the file has does not matter.
  if (disk.base.chunkState(chunk) === CHUNK_HOLE) return;
  const { from, to } = chunkRange(chunk, disk.base.sizeBytes);
  for (const piece of changes.pieces(from, to)) {
    if (!isChanged(piece)) continue;
    const content = Buffer.alloc(piece.toBytes - piece.fromBytes);
    await changes.read(piece, content);
    await file.write(piece.fromBytes, [content]);
  }
}

/** Zeroes are appended; a file that is long enough stays as it is. */
export async function growFile(files: JournalFiles, path: string, sizeBytes: number): Promise<void> {
  const file = await files.open(path);
  try {
    if ((await file.sizeBytes()) < sizeBytes) await file.truncate(sizeBytes);
  } finally {
    await file.close();
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof OperationError && ['EXTENT_DAMAGED', 'JOURNAL_DAMAGED'].includes(error.code);
}
