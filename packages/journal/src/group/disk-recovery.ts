/**
 * Opens what one disk's folder holds, without deciding which epochs exist: that takes all disks (`group-
 * recovery.ts`). Sealed segments are opened by their index; the last segment is scanned.
 */
import { assert, type Logger } from '@landfall/runtime';
import { growFile } from '../base/base-advance.ts';
import { BaseImage, basePath, tablePath } from '../base/base-image.ts';
import type { Manifest, SegmentEntry } from '../documents/manifest.ts';
import { journalDamaged } from '../journal-errors.ts';
import { JournalSegment, segmentFolder, segmentPath } from '../segments/journal-segment.ts';
import type { ScanRange } from '../segments/record-reader.ts';
import {
  decodeFooter,
  decodeIndex,
  FOOTER_BYTES,
  packColumns,
  type SealedCommit,
} from '../segments/segment-index.ts';
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES } from '../segments/segment-records.ts';
import { findDamagedPayload, type SegmentScan, scanSegment } from '../segments/segment-scan.ts';
import { SegmentWriter } from '../segments/segment-writer.ts';
import { SortedExtents } from '../segments/sorted-extents.ts';
import type { JournalFile } from '../storage/journal-files.ts';
import { openListed } from '../storage/listed-files.ts';
import { type DiskContext, DiskJournal, journalIdBytes } from './disk-journal.ts';
import { FIRST_EPOCH, sizeAt } from './disk-sizes.ts';

/** The last segment, still as it was found. */
interface Tail {
  readonly segment: JournalSegment;
  readonly file: JournalFile;
  readonly scan: SegmentScan;
  readonly range: ScanRange;
}

export interface FoundDisk {
  readonly context: DiskContext;
  readonly manifest: Manifest;
  readonly base: BaseImage;
  readonly sealed: readonly JournalSegment[];
  readonly tail?: Tail;
  /** Of all segments, in order. */
  readonly commits: readonly SealedCommit[];
  /** The largest epoch this disk's files prove to have been durable. */
  readonly durableEpoch: number;
}

export async function findDisk(context: DiskContext, manifest: Manifest, logger: Logger): Promise<FoundDisk> {
  const base = await openBase(context, manifest);
  if (base.damagedChunks > 0) {
    logger.error('journal-base-table-damaged', { path: base.tablePath, chunks: base.damagedChunks });
  }
  try {
    return { context, manifest, base, ...(await findSegments(context, manifest, logger)) };
  } catch (error) {
    await base.close();
    throw error;
  }
}

/** Of a base that is being advanced by the new table; what it does not have yet is put over it. */
async function openBase({ files, diskIndex, disk }: DiskContext, manifest: Manifest): Promise<BaseImage> {
  const { base, advance } = manifest;
  if (advance !== undefined) await growFile(files, basePath(diskIndex), advance.sizeBytes);
  const baseEpoch = base?.commit.epoch ?? FIRST_EPOCH;
  const { sizeBytes = sizeAt(disk.sizes, baseEpoch), tableNumber = 0 } = advance ?? base?.advanced ?? {};
  return BaseImage.open({ files, diskIndex, sizeBytes, tableNumber }, (advance ?? base)?.tableSha256);
}

async function findSegments(
  context: DiskContext,
  manifest: Manifest,
  logger: Logger,
): Promise<Pick<FoundDisk, 'sealed' | 'tail' | 'commits' | 'durableEpoch'>> {
  const sealed: JournalSegment[] = [];
  const commits: SealedCommit[] = [];
  const buffer = new IndexBuffer();
  let durableEpoch = manifest.durableEpoch;
  for (const entry of manifest.segments) {
    if (entry.sealed === undefined) {
      const tail = await openTail(context, entry);
      commits.push(...tail.scan.commits);
      return { sealed, commits, tail, durableEpoch: Math.max(durableEpoch, tail.scan.durableEpoch) };
    }
    const opened = await openSealed(context, entry, { logger, buffer });
    sealed.push(opened.segment);
    commits.push(...opened.commits);
    durableEpoch = Math.max(durableEpoch, entry.sealed.lastEpoch);
  }
  return { sealed, commits, durableEpoch };
}

/**
 * The newest epoch up to `lastEpoch` whose payloads on this disk are intact. Looked at are only those after
 * `durableEpoch`: the others are verified when they are read.
 */
export async function intactEpoch(
  found: FoundDisk,
  durableEpoch: number,
  lastEpoch: number,
): Promise<number> {
  const tail = found.tail;
  if (tail === undefined || lastEpoch <= durableEpoch) return lastEpoch;
  const { commits } = tail.segment;
  const fromBytes = commits.endOf(durableEpoch) || SEGMENT_HEADER_BYTES;
  const toBytes = commits.endOf(lastEpoch);
  if (toBytes <= fromBytes) return lastEpoch;
  const damagedAt = await findDamagedPayload(tail.file, { ...tail.range, fromBytes, toBytes });
  const damagedEpoch = damagedAt === undefined ? undefined : commits.epochAt(damagedAt);
  return damagedEpoch === undefined ? lastEpoch : damagedEpoch - 1;
}

/**
 * Makes the disk ready for the next epoch. After a killed process what is found may be in the page cache
 * only, so everything is synced before anybody is told that it exists (J2). What the file has after
 * `lastEpoch` is told, and cut off by the writer before it does anything else (`EpochWriter.cutTails`):
 * freeing 10 GiB takes seconds in which the journal can be read already. Pages of it that the storage cannot
 * write make opening fail, once: the kernel does not try them again.
 */
export async function settleDisk(found: FoundDisk, lastEpoch: number, logger: Logger): Promise<DiskJournal> {
  const { context, manifest, base, sealed, tail } = found;
  await removeUnlisted(context, manifest);
  await context.files.syncFolder(segmentFolder(context.diskIndex));
  await context.files.syncFolder(`disk-${context.diskIndex}`);
  if (tail === undefined) return new DiskJournal(context, { base, manifest, segments: sealed });
  const { segment, file } = tail;
  const endBytes = segment.commits.endOf(lastEpoch) || SEGMENT_HEADER_BYTES;
  const foundBytes = await file.sizeBytes();
  segment.commits.cutAfter(lastEpoch);
  segment.growing?.cutFrom(endBytes);
  if (foundBytes > endBytes) {
    const event = tail.scan.endedBy === 'index' ? 'journal-unfinished-seal-cut' : 'journal-torn-tail-cut';
    logger.warn(event, {
      path: segment.path,
      fromBytes: endBytes,
      cutBytes: foundBytes - endBytes,
      lastEpoch,
    });
  }
  await file.sync();
  const commits = tail.scan.commits.filter((commit) => commit.epoch <= lastEpoch);
  const writer = SegmentWriter.resume(file, segment, {
    journalId: journalIdBytes(context.journalId),
    commits,
  });
  return new DiskJournal(context, { base, manifest, segments: [...sealed, segment], writer });
}

export async function closeFound(found: FoundDisk): Promise<void> {
  await found.base.close();
  await found.tail?.file.close();
}

/**
 * Files that never got into the manifest, or are there no more, hold nothing. Only of a journal that is
 * whole: under a manifest that somebody put there they may be all there is.
 */
async function removeUnlisted(context: DiskContext, manifest: Manifest): Promise<void> {
  const { files, diskIndex } = context;
  const listed = new Set(manifest.segments.map((entry) => segmentPath(diskIndex, entry.number)));
  const folder = segmentFolder(diskIndex);
  for (const name of await files.list(folder)) {
    const path = `${folder}/${name}`;
    if (!listed.has(path)) await files.remove(path);
  }
  const { base, advance } = manifest;
  const numbers = [base?.advanced?.tableNumber ?? 0, advance?.tableNumber ?? 0];
  const tables = new Set(numbers.map((number) => tablePath(diskIndex, number)));
  for (const name of await files.list(`disk-${diskIndex}`)) {
    const path = `disk-${diskIndex}/${name}`;
    if (name.startsWith('base.sha256') && !tables.has(path)) await files.remove(path);
  }
}

async function openTail(context: DiskContext, entry: SegmentEntry): Promise<Tail> {
  const file = await openSegmentFile(context, entry.number);
  try {
    const range = await scanRange(context, file, entry.number, await file.sizeBytes());
    const scan = await scanSegment(file, range);
    const { diskIndex } = context;
    const name = { diskIndex, number: entry.number, identity: range.identity };
    const segment = new JournalSegment(name, scan.extents);
    for (const commit of scan.commits) segment.commits.add(commit.epoch, commit.endBytes);
    return { segment, file, scan, range };
  } catch (error) {
    await file.close();
    throw error;
  }
}

interface OpenedSegment {
  readonly segment: JournalSegment;
  readonly commits: readonly SealedCommit[];
}

/** Indexes are read into one buffer, one after the other: what is decoded from them is a copy. */
class IndexBuffer {
  #bytes = Buffer.alloc(0);

  take(sizeBytes: number): Buffer {
    if (this.#bytes.length < sizeBytes) this.#bytes = Buffer.allocUnsafeSlow(sizeBytes);
    return this.#bytes.subarray(0, sizeBytes);
  }
}

async function openSealed(
  context: DiskContext,
  entry: SegmentEntry,
  { logger, buffer }: { readonly logger: Logger; readonly buffer: IndexBuffer },
): Promise<OpenedSegment> {
  const file = await openSegmentFile(context, entry.number);
  try {
    const range = await scanRange(context, file, entry.number, entry.sealed?.recordsEndBytes ?? 0);
    const { extents, commits } =
      (await readIndex(file, entry, { identity: range.identity, buffer })) ??
      (await rebuildIndex(context, file, entry, range, logger));
    const name = { diskIndex: context.diskIndex, number: entry.number, identity: range.identity };
    const segment = new JournalSegment(name, extents);
    for (const commit of commits) segment.commits.add(commit.epoch, commit.endBytes);
    return { segment, commits };
  } finally {
    await file.close();
  }
}

async function openSegmentFile(context: DiskContext, number: number): Promise<JournalFile> {
  return openListed(context.files, segmentPath(context.diskIndex, number));
}

async function scanRange(
  context: DiskContext,
  file: JournalFile,
  segmentNumber: number,
  toBytes: number,
): Promise<ScanRange> {
  const { diskIndex } = context;
  const journalId = journalIdBytes(context.journalId);
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  await file.read(0, header);
  const identity = decodeSegmentHeader(header, { journalId, diskIndex, segmentNumber });
  if (identity !== undefined) return { identity, diskIndex, journalId, toBytes };
  const what = 'its header is not the one this journal wrote';
  throw journalDamaged({ path: segmentPath(diskIndex, segmentNumber), positionBytes: 0, what });
}

async function readIndex(
  file: JournalFile,
  entry: SegmentEntry,
  { identity, buffer }: { readonly identity: number; readonly buffer: IndexBuffer },
): Promise<{ readonly extents: SortedExtents; readonly commits: readonly SealedCommit[] } | undefined> {
  assert(entry.sealed !== undefined, 'only a sealed segment has an index');
  const bytes = Buffer.alloc(FOOTER_BYTES);
  await file.read(entry.sealed.sizeBytes - FOOTER_BYTES, bytes);
  const footer = decodeFooter(bytes, identity);
  if (footer === undefined || footer.sizeBytes > entry.sealed.sizeBytes) return undefined;
  const body = buffer.take(footer.sizeBytes);
  await file.read(footer.positionBytes, body);
  const index = decodeIndex(body, footer);
  return index === undefined
    ? undefined
    : { extents: new SortedExtents(index.extents), commits: index.commits };
}

/** The index only repeats the records: when it is damaged they are read instead, and that is said. */
async function rebuildIndex(
  context: DiskContext,
  file: JournalFile,
  entry: SegmentEntry,
  range: ScanRange,
  logger: Logger,
): Promise<{ readonly extents: SortedExtents; readonly commits: readonly SealedCommit[] }> {
  const path = segmentPath(context.diskIndex, entry.number);
  logger.error('journal-index-damaged', { path, fromBytes: range.toBytes });
  const scan = await scanSegment(file, range);
  const lastEpoch = scan.commits.at(-1)?.epoch;
  if (scan.endedBy !== 'end' || lastEpoch !== entry.sealed?.lastEpoch) {
    const what = 'its index and a record are both damaged';
    throw journalDamaged({ path, positionBytes: scan.chainEndBytes, epoch: (lastEpoch ?? 0) + 1, what });
  }
  return { extents: new SortedExtents(packColumns(scan.extents.sorted())), commits: scan.commits };
}
