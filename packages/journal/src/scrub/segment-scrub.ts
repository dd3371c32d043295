/**
 * Verifies a segment byte by byte: its header, every record where the index in memory says there is one, the
 * payload of every extent, and at the end of a sealed one its index and footer. The index in memory was
 * checked when it was made, so that a damaged header hides none of the records behind it.
 */
import { crc32 } from 'node:zlib';
import { systemErrorCode } from '@landfall/runtime';
import { type DiskJournal, journalIdBytes } from '../group/disk-journal.ts';
import { isUnreadable, storageFailure } from '../journal-errors.ts';
import type { JournalSegment } from '../segments/journal-segment.ts';
import { decodeFooter, decodeIndex, FOOTER_BYTES } from '../segments/segment-index.ts';
import {
  COMMIT_RECORD_BYTES,
  decodeRecord,
  decodeSegmentHeader,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
} from '../segments/segment-records.ts';
import type { IndexedExtent } from '../segments/sorted-extents.ts';
import type { JournalFile } from '../storage/journal-files.ts';
import type { OpenFiles } from '../storage/open-files.ts';
import { type JournalDamage, rangeSeen } from './journal-damage.ts';

/** Read at once, unless one record is longer. */
const STEP_BYTES = 1024 * 1024;

export interface SegmentStep {
  readonly bytes: number;
  readonly damages: readonly JournalDamage[];
  /** Where to go on in this segment; absent at its end. */
  readonly nextBytes?: number;
}

export interface ScrubbedSegment {
  readonly journalId: string;
  readonly disk: DiskJournal;
  readonly segment: JournalSegment;
  readonly openFiles: OpenFiles;
  readonly lastEpoch: number;
}

type Place =
  | {
      readonly kind: 'EXTENT';
      readonly positionBytes: number;
      readonly sizeBytes: number;
      row: IndexedExtent;
    }
  | { readonly kind: 'COMMIT'; readonly positionBytes: number; readonly sizeBytes: number; epoch: number };

/** The records of one segment in the order of the file, kept while it is gone through. */
export class SegmentLayout {
  readonly segment: JournalSegment;
  readonly endBytes: number;
  readonly places: readonly Place[];

  /** Of what is durable: up to the end of `lastEpoch`. */
  constructor(segment: JournalSegment, lastEpoch: number) {
    this.segment = segment;
    this.endBytes = segment.commits.endOf(lastEpoch);
    const places: Place[] = [];
    for (const row of segment.extentsInOrderOfOffset()) {
      const { positionBytes, payloadBytes } = row;
      if (positionBytes >= this.endBytes) continue;
      places.push({ kind: 'EXTENT', positionBytes, sizeBytes: RECORD_HEADER_BYTES + payloadBytes, row });
    }
    for (const { epoch, endBytes } of segment.commits.rows()) {
      if (endBytes > this.endBytes) continue;
      const positionBytes = endBytes - COMMIT_RECORD_BYTES;
      places.push({ kind: 'COMMIT', positionBytes, sizeBytes: COMMIT_RECORD_BYTES, epoch });
    }
    this.places = places.sort((left, right) => left.positionBytes - right.positionBytes);
  }

  isOf(segment: JournalSegment, lastEpoch: number): boolean {
    return this.segment === segment && this.endBytes === segment.commits.endOf(lastEpoch);
  }

  /** The records from a position on that are read at once. */
  batchFrom(positionBytes: number): readonly Place[] {
    const first = this.places.findIndex((place) => place.positionBytes >= positionBytes);
    if (first < 0) return [];
    let end = first + 1;
    const begin = this.places[first]?.positionBytes ?? 0;
    for (let next = this.places[end]; next !== undefined; next = this.places[end]) {
      if (next.positionBytes + next.sizeBytes - begin > STEP_BYTES) break;
      end += 1;
    }
    return this.places.slice(first, end);
  }
}

/** One step from `positionBytes` on; 0 begins with the header. Errors: JOURNAL_STORAGE_FAILED. */
export async function scrubSegment(
  scrubbed: ScrubbedSegment,
  layout: SegmentLayout,
  positionBytes: number,
): Promise<SegmentStep> {
  if (positionBytes < SEGMENT_HEADER_BYTES) return scrubHeader(scrubbed);
  const batch = layout.batchFrom(positionBytes);
  const [first] = batch;
  const last = batch.at(-1);
  if (first === undefined || last === undefined) return scrubTail(scrubbed);
  const range = { positionBytes: first.positionBytes, endBytes: last.positionBytes + last.sizeBytes };
  let damages = await damagesOf(scrubbed, batch, range);
  // The end of what is durable shares a block of an encrypted file with what is being appended: a read may
  // have met it half written.
  if (damages.length > 0) damages = await damagesOf(scrubbed, batch, range);
  return { bytes: range.endBytes - range.positionBytes, damages, nextBytes: range.endBytes };
}

async function damagesOf(
  scrubbed: ScrubbedSegment,
  batch: readonly Place[],
  { positionBytes, endBytes }: { readonly positionBytes: number; readonly endBytes: number },
): Promise<readonly JournalDamage[]> {
  const bytes = await readOrNothing(scrubbed, positionBytes, endBytes - positionBytes);
  return batch.flatMap((place) => {
    const from = place.positionBytes - positionBytes;
    const what = whatIsWrong(scrubbed.segment, place, bytes?.subarray(from, from + place.sizeBytes));
    return what === undefined ? [] : [damageOf(scrubbed, place, what)];
  });
}

function whatIsWrong(
  { identity }: JournalSegment,
  place: Place,
  bytes: Buffer | undefined,
): string | undefined {
  if (bytes === undefined) return 'the storage cannot read it';
  if (bytes.length < place.sizeBytes) return 'the file is shorter than what was written';
  const record = decodeRecord(bytes, { identity, positionBytes: place.positionBytes });
  if (place.kind === 'COMMIT') {
    const holds = record?.kind === 'commit' && record.epoch === place.epoch;
    return holds ? undefined : 'its commit record is not what was written';
  }
  const { row } = place;
  const matches =
    (record?.kind === 'extent' || record?.kind === 'zeroes') &&
    record.offsetBytes === row.offsetBytes &&
    record.lengthBytes === row.lengthBytes &&
    record.payloadBytes === row.payloadBytes;
  if (!matches) return 'its record header is not what was written';
  const payload = bytes.subarray(RECORD_HEADER_BYTES);
  if (payload.length === 0 || crc32(payload) === record.payloadChecksum) return undefined;
  return 'its content is not what was written';
}

function damageOf(scrubbed: ScrubbedSegment, place: Place, what: string): JournalDamage {
  const { disk, segment, lastEpoch } = scrubbed;
  const { kind, positionBytes } = place;
  const file = { kind, path: segment.path, positionBytes, what, diskId: disk.diskId };
  if (place.kind === 'COMMIT') return file;
  const { offsetBytes, lengthBytes } = place.row;
  const range = rangeSeen(disk, lastEpoch, {
    ...{ offsetBytes, lengthBytes },
    fromEpoch: segment.commits.epochAt(positionBytes) ?? lastEpoch,
    isFrom: ({ source }) => source?.segment === segment && source.extent.positionBytes === positionBytes,
  });
  return { ...file, range };
}

async function scrubHeader(scrubbed: ScrubbedSegment): Promise<SegmentStep> {
  const { journalId, disk, segment } = scrubbed;
  const header = await readOrNothing(scrubbed, 0, SEGMENT_HEADER_BYTES);
  const name = { diskIndex: disk.diskIndex, segmentNumber: segment.number };
  const identity =
    header === undefined
      ? undefined
      : decodeSegmentHeader(header, { journalId: journalIdBytes(journalId), ...name });
  const what = 'its header is not the one this journal wrote';
  const damages = identity === segment.identity ? [] : [fileDamage(scrubbed, 'HEADER', 0, what)];
  return { bytes: SEGMENT_HEADER_BYTES, damages, nextBytes: SEGMENT_HEADER_BYTES };
}

/** The index repeats what the records say, and is rebuilt from them when the journal opens. */
async function scrubTail(scrubbed: ScrubbedSegment): Promise<SegmentStep> {
  const { disk, segment } = scrubbed;
  const sealed = disk.sealedEntry(segment.number);
  if (sealed === undefined) return { bytes: 0, damages: [] };
  const { recordsEndBytes, sizeBytes } = sealed;
  const bytes = sizeBytes - recordsEndBytes;
  const tail = await readOrNothing(scrubbed, recordsEndBytes, bytes);
  if (tail !== undefined && indexHolds(segment, tail, recordsEndBytes)) return { bytes, damages: [] };
  return { bytes, damages: [fileDamage(scrubbed, 'INDEX', recordsEndBytes, 'its index is damaged')] };
}

function indexHolds({ identity }: JournalSegment, tail: Buffer, positionBytes: number): boolean {
  if (decodeRecord(tail, { identity, positionBytes })?.kind !== 'index') return false;
  const footer = decodeFooter(tail.subarray(tail.length - FOOTER_BYTES), identity);
  if (footer === undefined || footer.positionBytes !== positionBytes + RECORD_HEADER_BYTES) return false;
  const body = tail.subarray(RECORD_HEADER_BYTES, tail.length - FOOTER_BYTES);
  return decodeIndex(body, footer) !== undefined;
}

function fileDamage(
  { disk, segment }: ScrubbedSegment,
  kind: 'HEADER' | 'INDEX',
  positionBytes: number,
  what: string,
): JournalDamage {
  return { kind, path: segment.path, positionBytes, what, diskId: disk.diskId };
}

/** As far as the file goes; `undefined` when the storage lost it. */
async function readOrNothing(
  { openFiles, segment }: ScrubbedSegment,
  positionBytes: number,
  lengthBytes: number,
): Promise<Buffer | undefined> {
  const target = Buffer.allocUnsafe(lengthBytes);
  try {
    const fill = (file: JournalFile) => file.read(positionBytes, target);
    return target.subarray(0, await openFiles.use(segment.path, fill));
  } catch (error) {
    if (isUnreadable(error) || systemErrorCode(error) === 'ENOENT') return undefined;
    throw storageFailure(error);
  }
}
