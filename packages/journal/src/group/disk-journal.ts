/**
 * The journal of one staging disk: base, segments, manifest. It knows files; which epochs exist is decided by
 * the group over all its disks (`epoch-ledger.ts`), and calls come one at a time from the group's queue.
 */
import { assert } from '@landfall/runtime';
import { BaseImage, tablePath } from '../base/base-image.ts';
import {
  type AdvancedBase,
  type BaseAdvanceEntry,
  type BaseEntry,
  type GroupDisk,
  type Manifest,
  type SegmentEntry,
  writeManifest,
} from '../documents/manifest.ts';
import { type JournalSegment, segmentFolder } from '../segments/journal-segment.ts';
import { type AppendedExtent, type EpochCommitRecord, SegmentWriter } from '../segments/segment-writer.ts';
import type { JournalFiles } from '../storage/journal-files.ts';
import { currentSize, type DiskSizes, sizeAt } from './disk-sizes.ts';

export interface DiskContext {
  readonly files: JournalFiles;
  readonly journalId: string;
  readonly diskIndex: number;
  readonly disk: GroupDisk;
  readonly segmentBytes: number;
  /** The newest epoch that is durable on all disks of the group. */
  readonly durableEpoch: () => number;
}

export interface DiskState {
  readonly base: BaseImage;
  readonly manifest: Manifest;
  /** Oldest first; the last one is the writer's when there is a writer. */
  readonly segments: readonly JournalSegment[];
  readonly writer?: SegmentWriter;
}

export class DiskJournal {
  readonly diskIndex: number;
  readonly diskId: string;
  #base: BaseImage;
  readonly #context: DiskContext;
  #sizes: DiskSizes;
  #joiningBytes = 0;
  #manifest: Manifest;
  /** The last replacement of the manifest failed: either version may be on disk. */
  #manifestUncertain = false;
  #segments: readonly JournalSegment[];
  #writer: SegmentWriter | undefined;
  /** A number is never given twice while the journal is open. */
  #nextNumber: number;

  constructor(context: DiskContext, state: DiskState) {
    this.diskIndex = context.diskIndex;
    this.diskId = context.disk.diskId;
    this.#sizes = context.disk.sizes;
    this.#base = state.base;
    this.#context = context;
    this.#manifest = state.manifest;
    this.#segments = state.segments;
    this.#writer = state.writer;
    this.#nextNumber = 1 + Math.max(0, ...state.manifest.segments.map(({ number }) => number));
  }

  /**
   * How far it can be written: its size at the next epoch, or when it has joined; 0 when it was taken out.
   */
  get sizeBytes(): number {
    return this.#joiningBytes || currentSize(this.#sizes);
  }

  /** The one that is in force. */
  get base(): BaseImage {
    return this.#base;
  }

  get sizes(): DiskSizes {
    return this.#sizes;
  }

  sizeAt(epoch: number): number {
    return sizeAt(this.#sizes, epoch);
  }

  get isJoining(): boolean {
    return this.#joiningBytes > 0;
  }

  /** `group.json` says so already, but for what is joining: that is known while a connection lasts. */
  resize(sizes: DiskSizes, joiningBytes: number): void {
    this.#sizes = sizes;
    this.#joiningBytes = joiningBytes;
  }

  /** Oldest first. */
  get segments(): readonly JournalSegment[] {
    return this.#segments;
  }

  /** Oldest first: all but the one that is still written, and those on their way into the base. */
  get sealedSegments(): readonly JournalSegment[] {
    const from = this.#manifest.advance?.segmentCount ?? 0;
    return this.#segments.slice(from).filter((segment) => segment !== this.#writer?.segment);
  }

  /** How far the base has got. */
  get advancedBase(): AdvancedBase | undefined {
    return this.#manifest.base?.advanced;
  }

  /** What is on its way into the base, also when an earlier program began it. */
  get advance(): BaseAdvanceEntry | undefined {
    return this.#manifest.advance;
  }

  /** How large the file of a sealed segment is. */
  sealedBytes({ number }: JournalSegment): number {
    return this.#manifest.segments.find((entry) => entry.number === number)?.sealed?.sizeBytes ?? 0;
  }

  /** Of the tables that are in force, or will be. */
  get tablePaths(): readonly string[] {
    const { base, advance } = this.#manifest;
    const numbers = [
      base?.advanced?.tableNumber ?? 0,
      ...(advance === undefined ? [] : [advance.tableNumber]),
    ];
    return numbers.map((number) => tablePath(this.diskIndex, number));
  }

  takeSegmentNumber(): number {
    this.#nextNumber += 1;
    return this.#nextNumber - 1;
  }

  /** True while nothing but zeroes was ever put on the disk. */
  get isEmpty(): boolean {
    return this.base.isEmpty && this.#segments.every((segment) => segment.extentCount === 0);
  }

  get baseEntry(): BaseEntry | undefined {
    return this.#manifest.base;
  }

  /** What the manifest says of a segment that is sealed. */
  sealedEntry(number: number): SegmentEntry['sealed'] {
    return this.#manifest.segments.find((entry) => entry.number === number)?.sealed;
  }

  /** The segment is as large as it should get and may be sealed: nothing of it is open or not yet durable. */
  get wantsRoll(): boolean {
    const writer = this.#writer;
    if (writer === undefined || writer.commitCount === 0 || writer.hasOpenEpoch) return false;
    return writer.endBytes >= this.#context.segmentBytes;
  }

  async appendExtent(extent: AppendedExtent, epoch: number): Promise<void> {
    await (await this.#segmentWriter()).appendExtent(extent, epoch);
  }

  async appendZeroes(offsetBytes: number, lengthBytes: number, epoch: number): Promise<void> {
    await (await this.#segmentWriter()).appendZeroes(offsetBytes, lengthBytes, epoch);
  }

  async appendCommit(commit: EpochCommitRecord): Promise<void> {
    await (await this.#segmentWriter()).appendCommit(commit);
  }

  acceptCommit(commit: EpochCommitRecord): void {
    assert(this.#writer !== undefined, 'a commit is accepted where it was appended');
    this.#writer.acceptCommit(commit);
  }

  async sync(): Promise<void> {
    await this.#writer?.sync();
  }

  reopenUndurable(durableEpoch: number): void {
    this.#writer?.reopenUndurable(durableEpoch);
  }

  /**
   * Back to the last closed epoch, in memory and on disk; afterwards the manifest on disk is certain again.
   */
  async rollBack(): Promise<void> {
    // What fails in the base now belongs to what is dropped: the chunk stays stale and is hashed again.
    await Promise.allSettled([this.base.settle()]);
    await this.restoreManifest();
    await this.#writer?.rollBack();
  }

  /** Seals the segment and begins the next one. Everything in it is durable already. */
  async roll(): Promise<void> {
    const writer = this.#writer;
    assert(writer !== undefined && this.wantsRoll, 'only a full segment is sealed');
    const { sizeBytes, recordsEndBytes, extents } = await writer.writeIndex();
    const { firstEpoch, lastEpoch } = writer.segment.commits;
    assert(firstEpoch !== undefined && lastEpoch !== undefined, 'a sealed segment has epochs');
    const sealed: SegmentEntry = {
      number: writer.segment.number,
      sealed: { sizeBytes, recordsEndBytes, firstEpoch, lastEpoch },
    };
    const before = [...this.#manifest.segments.slice(0, -1), sealed];
    await this.#beginSegment(before);
    writer.segment.seal(extents);
    await writer.close();
  }

  /**
   * Puts one sealed segment, or nothing, in the place of neighbouring ones. When it fails, either manifest
   * may be on disk until `restoreManifest` succeeds.
   */
  async replaceSegments(
    replaced: readonly JournalSegment[],
    replacement: { readonly entry: SegmentEntry; readonly segment: JournalSegment } | undefined,
  ): Promise<void> {
    const numbers = replaced.map(({ number }) => number);
    const from = this.#segments.findIndex(({ number }) => number === numbers[0]);
    const neighbours = this.#segments.slice(from, from + numbers.length);
    assert(
      from >= 0 && neighbours.every(({ number }, index) => number === numbers[index]),
      'only neighbouring segments are replaced',
    );
    const [entry, segment] =
      replacement === undefined ? [[], []] : [[replacement.entry], [replacement.segment]];
    await this.#replaceManifest({
      ...this.#manifest,
      segments: this.#manifest.segments.toSpliced(from, numbers.length, ...entry),
      durableEpoch: this.#context.durableEpoch(),
    });
    this.#segments = this.#segments.toSpliced(from, numbers.length, ...segment);
  }

  /** From here on the base is read by `advance.tableNumber`, with the first segments over it. */
  async beginAdvance(advance: BaseAdvanceEntry): Promise<void> {
    assert(this.#manifest.advance === undefined, 'one advance at a time');
    await this.#replaceManifest({ ...this.#manifest, advance });
  }

  useBase(base: BaseImage): void {
    this.#base = base;
  }

  /** All of it is in the base, durably; resolves to the segments that are listed no more. */
  async endAdvance(): Promise<readonly JournalSegment[]> {
    const { base, advance, ...manifest } = this.#manifest;
    assert(base !== undefined && advance !== undefined, 'an advance was begun');
    const { tableSha256, segmentCount, ...advanced } = advance;
    await this.#replaceManifest({
      ...manifest,
      base: { commit: base.commit, tableSha256, advanced },
      segments: manifest.segments.slice(segmentCount),
      durableEpoch: this.#context.durableEpoch(),
    });
    const listedNoMore = this.#segments.slice(0, segmentCount);
    this.#segments = this.#segments.slice(segmentCount);
    return listedNoMore;
  }

  /** Afterwards the manifest on disk is the one in memory. */
  async restoreManifest(): Promise<void> {
    if (this.#manifestUncertain) await this.#replaceManifest(this.#manifest);
  }

  /** The base is the disk at an epoch from here on. */
  async recordBase(base: BaseEntry): Promise<void> {
    this.base.markValid();
    await this.#replaceManifest({ ...this.#manifest, base, durableEpoch: base.commit.epoch });
  }

  /** The group's first epoch did not become durable on all disks: partial again; on disk after `rollBack`. */
  forgetBase(): void {
    const { base: _, ...manifest } = this.#manifest;
    this.#manifest = { ...manifest, durableEpoch: 0 };
    this.#manifestUncertain = true;
    this.base.markPartial();
  }

  /** Leaves word of what was durable, so that later damage is never taken for a torn tail. */
  async recordDurable(): Promise<void> {
    const durableEpoch = this.#context.durableEpoch();
    if (this.#manifest.durableEpoch === durableEpoch) return;
    await this.#replaceManifest({ ...this.#manifest, durableEpoch });
  }

  /** The file was damaged: what it said is known. */
  async rewriteManifest(): Promise<void> {
    await this.#replaceManifest(this.#manifest);
  }

  async close(): Promise<void> {
    await this.#writer?.close();
    await this.base.close();
  }

  async #segmentWriter(): Promise<SegmentWriter> {
    if (this.#writer === undefined) await this.#beginSegment(this.#manifest.segments);
    assert(this.#writer !== undefined, 'a segment was begun');
    return this.#writer;
  }

  async #beginSegment(before: readonly SegmentEntry[]): Promise<void> {
    const number = this.takeSegmentNumber();
    const { files, journalId, diskIndex } = this.#context;
    const name = { journalId: journalIdBytes(journalId), diskIndex, segmentNumber: number };
    const writer = await SegmentWriter.create(files, name);
    try {
      const durableEpoch = this.#context.durableEpoch();
      await this.#replaceManifest({ ...this.#manifest, segments: [...before, { number }], durableEpoch });
    } catch (error) {
      await writer.close();
      throw error;
    }
    this.#writer = writer;
    this.#segments = [...this.#segments, writer.segment];
  }

  async #replaceManifest(manifest: Manifest): Promise<void> {
    this.#manifestUncertain = true;
    await writeManifest(this.#context.files, manifest);
    this.#manifestUncertain = false;
    this.#manifest = manifest;
  }
}

export interface NewDisk extends Pick<DiskContext, 'files' | 'journalId' | 'diskIndex'> {
  readonly baseBytes: number;
}

/** Files of a new, empty disk. Nothing refers to them before `group.json` is written. */
export async function createDisk(
  { files, diskIndex, journalId, baseBytes }: NewDisk,
  state: Pick<Manifest, 'base' | 'durableEpoch'> = { durableEpoch: 0 },
): Promise<void> {
  await files.ensureFolder(segmentFolder(diskIndex));
  await BaseImage.create({ files, diskIndex, sizeBytes: baseBytes });
  await files.syncFolder(`disk-${diskIndex}`);
  await writeManifest(files, { journalId, diskIndex, segments: [], ...state });
}

export function journalIdBytes(journalId: string): Buffer {
  return Buffer.from(journalId.replaceAll('-', ''), 'hex');
}
