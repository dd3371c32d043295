/**
 * Writes the live records of neighbouring sealed segments into one new segment. Records keep their order,
 * so whatever was newest stays newest; epochs that are no points fold into the next one that is, and the
 * last commit record of such a run stands for all of it.
 *
 * Payloads are copied as the agent encoded them, with the agent's checksum. One that does not match is
 * copied all the same and named: its checksum stays wrong in the new place, so reading it says "damaged"
 * for ever and nothing is laundered. A record that cannot be read at all gets a checksum that its bytes do
 * not have.
 */
import { crc32 } from 'node:zlib';
import { CODEC_RAW, type ExtentHeader, payloadChecksum } from '@landfall/block';
import type { Logger } from '@landfall/runtime';
import type { SegmentEntry } from '../documents/manifest.ts';
import { isUnreadable, journalDamaged } from '../journal-errors.ts';
import type { EpochSpan } from '../segments/commit-log.ts';
import type { JournalSegment } from '../segments/journal-segment.ts';
import {
  COMMIT_RECORD_BYTES,
  type CommitRecord,
  decodeRecord,
  type ExtentRecord,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
  type SegmentName,
} from '../segments/segment-records.ts';
import { SegmentWriter } from '../segments/segment-writer.ts';
import type { IndexedExtent } from '../segments/sorted-extents.ts';
import type { JournalFiles } from '../storage/journal-files.ts';
import type { OpenFiles } from '../storage/open-files.ts';
import type { LiveSegment } from './live-records.ts';

export interface RewriteOptions {
  readonly files: JournalFiles;
  readonly openFiles: OpenFiles;
  readonly logger: Logger;
  readonly name: SegmentName;
  /** Oldest first. */
  readonly sources: readonly LiveSegment[];
  readonly firstPointFrom: (epoch: number) => number;
}

export interface RewrittenSegment {
  readonly entry: SegmentEntry;
  readonly segment: JournalSegment;
}

/** One epoch of a source, with its live records. */
interface SourceEpoch {
  readonly segment: JournalSegment;
  readonly span: EpochSpan;
  readonly records: readonly IndexedExtent[];
  /** The point that sees it first. */
  readonly pointEpoch: number;
}

export class SegmentRewriter {
  readonly #options: RewriteOptions;
  readonly #epochs: readonly SourceEpoch[];
  #epochIndex = 0;
  #recordIndex = 0;
  #hasRecords = false;
  #writer: SegmentWriter | undefined;

  constructor(options: RewriteOptions) {
    this.#options = options;
    this.#epochs = options.sources.flatMap((source) => sourceEpochs(source, options.firstPointFrom));
  }

  /**
   * Copies about so many bytes; true when everything is copied. Errors: those of the storage,
   * JOURNAL_DAMAGED.
   */
  async copy(stepBytes: number): Promise<boolean> {
    let copiedBytes = 0;
    while (this.#epochIndex < this.#epochs.length) {
      const source = this.#epochs[this.#epochIndex] as SourceEpoch;
      for (; this.#recordIndex < source.records.length; this.#recordIndex += 1) {
        if (copiedBytes >= stepBytes) return false;
        const record = source.records[this.#recordIndex] as IndexedExtent;
        await this.#copyRecord(source.segment, record);
        copiedBytes += RECORD_HEADER_BYTES + record.payloadBytes;
      }
      copiedBytes += await this.#endEpoch(source, this.#epochs[this.#epochIndex + 1]);
      this.#epochIndex += 1;
      this.#recordIndex = 0;
    }
    return true;
  }

  /** Durable, but in no manifest yet; `undefined` when nothing of the sources is left. */
  async finish(): Promise<RewrittenSegment | undefined> {
    const writer = this.#writer;
    if (writer === undefined) return undefined;
    await writer.sync();
    const { sizeBytes, recordsEndBytes, extents } = await writer.writeIndex();
    const { segment } = writer;
    const { firstEpoch = 0, lastEpoch = 0 } = segment.commits;
    segment.seal(extents);
    await writer.close();
    this.#writer = undefined;
    const entry = { number: segment.number, sealed: { sizeBytes, recordsEndBytes, firstEpoch, lastEpoch } };
    return { entry, segment };
  }

  /** Ends without a result; resolves to the path of what was written, which may be removed. */
  async abandon(): Promise<string | undefined> {
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.close();
    return writer?.segment.path;
  }

  async #openWriter(): Promise<SegmentWriter> {
    this.#writer ??= await SegmentWriter.create(this.#options.files, this.#options.name);
    return this.#writer;
  }

  async #copyRecord(segment: JournalSegment, record: IndexedExtent): Promise<void> {
    const writer = await this.#openWriter();
    const { offsetBytes, lengthBytes } = record;
    const epoch = segment.commits.epochAt(record.positionBytes) ?? 0;
    this.#hasRecords = true;
    if (record.payloadBytes === 0) return writer.appendZeroes(offsetBytes, lengthBytes, epoch);
    const { payload, found } = await this.#read(segment, record);
    const { diskIndex } = segment;
    const header: ExtentHeader =
      found === undefined
        ? { diskIndex, offsetBytes, lengthBytes, codec: CODEC_RAW, checksum: wrongChecksum(payload) }
        : { diskIndex, offsetBytes, lengthBytes, codec: found.codec, checksum: found.payloadChecksum };
    if (payloadChecksum(payload) !== header.checksum) this.#nameDamage(segment, record, epoch);
    await writer.appendExtent({ header, payload }, found?.epoch ?? epoch);
  }

  /** `found`: its header, when it is what was written. */
  async #read(
    segment: JournalSegment,
    record: IndexedExtent,
  ): Promise<{ readonly payload: Buffer; readonly found: ExtentRecord | undefined }> {
    const header = Buffer.alloc(RECORD_HEADER_BYTES);
    const payload = Buffer.alloc(record.payloadBytes);
    const { positionBytes } = record;
    try {
      await this.#options.openFiles.use(segment.path, (file) =>
        file.readParts(positionBytes, [header, payload]),
      );
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return { payload, found: undefined };
    }
    const decoded = decodeRecord(header, { identity: segment.identity, positionBytes });
    const isIt =
      decoded?.kind === 'extent' &&
      decoded.offsetBytes === record.offsetBytes &&
      decoded.lengthBytes === record.lengthBytes &&
      decoded.payloadBytes === record.payloadBytes;
    return { payload, found: isIt ? decoded : undefined };
  }

  #nameDamage(segment: JournalSegment, record: IndexedExtent, epoch: number): void {
    const { diskIndex, path } = segment;
    const { offsetBytes, lengthBytes, positionBytes } = record;
    const extent = { diskIndex, offsetBytes, lengthBytes, epoch };
    this.#options.logger.error('journal-extent-damaged', { ...extent, path, positionBytes });
  }

  /** The last epoch that folds into a point says the commit; resolves to the bytes that took. */
  async #endEpoch(source: SourceEpoch, next: SourceEpoch | undefined): Promise<number> {
    if (next?.pointEpoch === source.pointEpoch) return 0;
    const isPoint = source.span.epoch === source.pointEpoch;
    if (!isPoint && !this.#hasRecords) return 0;
    const commit = await this.#readCommit(source);
    const writer = await this.#openWriter();
    await writer.appendCommit(commit);
    writer.acceptCommit(commit);
    this.#hasRecords = false;
    return COMMIT_RECORD_BYTES;
  }

  async #readCommit({ segment, span }: SourceEpoch): Promise<CommitRecord> {
    const positionBytes = span.endBytes - COMMIT_RECORD_BYTES;
    const bytes = Buffer.alloc(COMMIT_RECORD_BYTES);
    await this.#options.openFiles.use(segment.path, (file) => file.read(positionBytes, bytes));
    const record = decodeRecord(bytes, { identity: segment.identity, positionBytes });
    if (record?.kind === 'commit' && record.epoch === span.epoch) return record;
    const what = 'its commit record is not what was written';
    throw journalDamaged({ path: segment.path, positionBytes, epoch: span.epoch, what });
  }
}

function sourceEpochs(
  { segment, records }: LiveSegment,
  firstPointFrom: (epoch: number) => number,
): SourceEpoch[] {
  const epochs: SourceEpoch[] = [];
  let at = 0;
  for (const span of segment.commits.spans(SEGMENT_HEADER_BYTES)) {
    const from = at;
    while ((records[at]?.positionBytes ?? Number.POSITIVE_INFINITY) < span.endBytes) at += 1;
    const pointEpoch = firstPointFrom(span.epoch);
    epochs.push({ segment, span, records: records.slice(from, at), pointEpoch });
  }
  return epochs;
}

function wrongChecksum(payload: Buffer): number {
  return (crc32(payload) ^ 0xffff_ffff) >>> 0;
}
