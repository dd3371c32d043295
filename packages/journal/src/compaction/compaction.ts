/**
 * Removes from sealed segments what no recovery point sees any more: examines a few neighbouring segments,
 * and if enough of some of them is garbage writes the rest of these into one new segment and puts it in
 * their place. Everything happens in small steps beside writing and reading; only the manifest is replaced
 * in the writer's queue. A crash loses the new file at most.
 *
 * K1 A run of segments is rewritten only if at most 45 % of it is live. So every byte that is written again
 *    is paid for by 1.2 bytes of garbage that disappear, each appended byte is garbage once at most, and
 *    all rewriting together writes less than 0.82 times what was appended.
 * K2 A segment is looked at again only after a point in it was dropped, or one beside it was replaced.
 */
import type { Logger } from '@landfall/runtime';
import { OperationError } from '@landfall/runtime';
import { type DiskJournal, journalIdBytes } from '../group/disk-journal.ts';
import { storageFailure } from '../journal-errors.ts';
import type { JournalSegment } from '../segments/journal-segment.ts';
import type { SegmentLeases } from '../segments/segment-leases.ts';
import { COMMIT_RECORD_BYTES } from '../segments/segment-records.ts';
import type { JournalFiles } from '../storage/journal-files.ts';
import type { OpenFiles } from '../storage/open-files.ts';
import { findLiveRecords, type LiveSegment } from './live-records.ts';
import { type RewrittenSegment, SegmentRewriter } from './segment-rewriter.ts';

export const LIVE_SHARE_MAX = 0.45;
const WINDOW_SEGMENTS_MAX = 16;
const WINDOW_RECORDS_MAX = 200_000;
const STEP_RECORDS = 20_000;
const STEP_BYTES = 4 * 1024 * 1024;

export interface CompactionOptions {
  readonly files: JournalFiles;
  readonly openFiles: OpenFiles;
  readonly leases: SegmentLeases;
  readonly logger: Logger;
  readonly journalId: string;
  /** All disks; grows when one joins. */
  readonly disks: readonly DiskJournal[];
  readonly segmentBytes: number;
  readonly reserveBytes: number;
  readonly firstPointFrom: (epoch: number) => number;
  /** Runs something that must not run beside a write. */
  readonly between: (operation: () => Promise<void>) => Promise<void>;
}

/** NOTHING: there is nothing to do until points are dropped or segments sealed. */
export type CompactionStep = 'NOTHING' | 'EXAMINED' | 'COPIED' | 'REPLACED';

interface Examination {
  readonly kind: 'examining';
  readonly disk: DiskJournal;
  readonly window: readonly JournalSegment[];
  readonly reachesEnd: boolean;
  readonly search: Generator<undefined, readonly LiveSegment[]>;
}

interface Rewriting {
  readonly kind: 'rewriting';
  readonly disk: DiskJournal;
  readonly run: readonly LiveSegment[];
  readonly rewriter: SegmentRewriter;
}

export class Compaction {
  readonly #options: CompactionOptions;
  /** Looked at, and nothing was dropped in them since (K2). */
  readonly #examined = new Set<JournalSegment>();
  #work: Examination | Rewriting | undefined;
  /** Whether the manifest on disk has the new file is known only when the old manifest is written again. */
  #uncertain: { readonly disk: DiskJournal; readonly path?: string } | undefined;

  constructor(options: CompactionOptions) {
    this.#options = options;
  }

  get isUnderWay(): boolean {
    return this.#work !== undefined;
  }

  /** Points were dropped: the segments that have them may have become garbage. */
  noteDropped(epochs: readonly number[]): void {
    for (const segment of this.#examined) {
      const { firstEpoch = 0, lastEpoch = 0 } = segment.commits;
      if (hasBetween(epochs, firstEpoch, lastEpoch)) this.#examined.delete(segment);
    }
  }

  /** One bounded piece of work. Errors: STAGING_FULL, JOURNAL_STORAGE_FAILED; the work begins anew then. */
  async step(): Promise<CompactionStep> {
    try {
      return await this.#step();
    } catch (error) {
      await this.abandon();
      throw storageFailure(error);
    }
  }

  /** Drops what is under way, with its file. */
  async abandon(): Promise<void> {
    const work = this.#work;
    this.#work = undefined;
    if (work?.kind !== 'rewriting') return;
    for (const { segment } of work.run) this.#examined.add(segment);
    const path = await work.rewriter.abandon();
    if (path !== undefined) await this.#options.leases.removeFile(path);
  }

  async #step(): Promise<CompactionStep> {
    await this.#makeCertain();
    this.#work ??= this.#nextExamination();
    const work = this.#work;
    if (work === undefined) return 'NOTHING';
    if (work.kind === 'rewriting') return this.#rewrite(work);
    const result = work.search.next();
    if (result.done === true) await this.#decide(work, result.value);
    return 'EXAMINED';
  }

  async #makeCertain(): Promise<void> {
    const { between, leases } = this.#options;
    const uncertain = this.#uncertain;
    if (uncertain === undefined) return;
    await between(() => uncertain.disk.restoreManifest());
    this.#uncertain = undefined;
    if (uncertain.path !== undefined) await leases.removeFile(uncertain.path);
  }

  #nextExamination(): Examination | undefined {
    for (const disk of this.#options.disks) {
      const sealed = disk.sealedSegments;
      const from = sealed.findIndex((segment) => !this.#examined.has(segment));
      if (from < 0) continue;
      const window = this.#windowFrom(disk, sealed.slice(from));
      const search = findLiveRecords(window, this.#options.firstPointFrom, STEP_RECORDS);
      const reachesEnd = from + window.length === sealed.length;
      return { kind: 'examining', disk, window, reachesEnd, search };
    }
    return undefined;
  }

  #windowFrom(disk: DiskJournal, segments: readonly JournalSegment[]): readonly JournalSegment[] {
    const bytesMax = 4 * this.#options.segmentBytes;
    let [bytes, records] = [0, 0];
    const end = segments.findIndex((segment, index) => {
      bytes += disk.sealedBytes(segment);
      records += segment.extentCount;
      return index > 0 && (index >= WINDOW_SEGMENTS_MAX || bytes > bytesMax || records > WINDOW_RECORDS_MAX);
    });
    return end < 0 ? segments : segments.slice(0, end);
  }

  async #decide(work: Examination, found: readonly LiveSegment[]): Promise<void> {
    const { disk, window, reachesEnd } = work;
    const usableBytes = (await this.#options.files.freeBytes()) - this.#options.reserveBytes / 2;
    const run = this.#runWorthRewriting(found, usableBytes);
    const first = run[0];
    // Of segments at the end of the window it is not known yet what those behind it overwrite.
    const keep = reachesEnd ? window.length : Math.ceil(window.length / 2);
    const settled = first === undefined ? keep : window.indexOf(first.segment);
    for (const segment of window.slice(0, settled)) this.#examined.add(segment);
    this.#work = undefined;
    if (first === undefined) return;
    const { files, openFiles, logger, journalId, firstPointFrom } = this.#options;
    const { diskIndex } = disk;
    const segmentNumber = disk.takeSegmentNumber();
    const name = { journalId: journalIdBytes(journalId), diskIndex, segmentNumber };
    const rewriter = new SegmentRewriter({ files, openFiles, logger, name, sources: run, firstPointFrom });
    this.#work = { kind: 'rewriting', disk, run, rewriter };
  }

  /** The longest run that K1 allows and that makes one segment; of equal ones that with most garbage. */
  #runWorthRewriting(found: readonly LiveSegment[], usableBytes: number): readonly LiveSegment[] {
    let best: readonly LiveSegment[] = [];
    let bestGarbage = 0;
    for (let from = 0; from < found.length; from += 1) {
      let [live, total] = [0, 0];
      for (let to = from; to < found.length; to += 1) {
        const segment = found[to] as LiveSegment;
        const { commitBytes, liveCommitBytes } = this.#commitBytes(segment.segment);
        live += segment.liveBytes + liveCommitBytes;
        total += segment.recordBytes + commitBytes;
        const isOne = to === from || live <= this.#options.segmentBytes;
        if (!isOne || live > LIVE_SHARE_MAX * total || live > usableBytes) continue;
        const length = to + 1 - from;
        if (length < best.length || (length === best.length && total - live <= bestGarbage)) continue;
        best = found.slice(from, to + 1);
        bestGarbage = total - live;
      }
    }
    return best;
  }

  /** At most one commit record is left for each point that sees the segment. */
  #commitBytes(segment: JournalSegment): { readonly commitBytes: number; readonly liveCommitBytes: number } {
    let live = 0;
    let point = 0;
    for (const { epoch } of segment.commits.spans(0)) {
      if (epoch <= point) continue;
      point = this.#options.firstPointFrom(epoch);
      live += 1;
    }
    return {
      commitBytes: segment.commits.count * COMMIT_RECORD_BYTES,
      liveCommitBytes: live * COMMIT_RECORD_BYTES,
    };
  }

  async #rewrite({ disk, run, rewriter }: Rewriting): Promise<CompactionStep> {
    try {
      if (!(await rewriter.copy(STEP_BYTES))) return 'COPIED';
    } catch (error) {
      if (!(error instanceof OperationError) || error.code !== 'JOURNAL_DAMAGED') throw error;
      // It stays as it is, damage and all; it is looked at again when more of it is dropped.
      this.#options.logger.error('journal-segment-not-compacted', { error });
      await this.abandon();
      return 'EXAMINED';
    }
    const rewritten = await rewriter.finish();
    this.#work = undefined;
    await this.#replace(disk, run, rewritten);
    return 'REPLACED';
  }

  async #replace(
    disk: DiskJournal,
    run: readonly LiveSegment[],
    rewritten: RewrittenSegment | undefined,
  ): Promise<void> {
    const replaced = run.map(({ segment }) => segment);
    const { between, leases, logger } = this.#options;
    try {
      await between(() => disk.replaceSegments(replaced, rewritten));
    } catch (error) {
      for (const segment of replaced) this.#examined.add(segment);
      this.#uncertain = { disk, ...(rewritten === undefined ? {} : { path: rewritten.segment.path }) };
      throw error;
    }
    if (rewritten !== undefined) this.#examined.add(rewritten.segment);
    for (const segment of replaced) this.#examined.delete(segment);
    const before = run.reduce((sum, { segment }) => sum + segment.commits.count, 0);
    logger.info('journal-compacted', {
      diskIndex: disk.diskIndex,
      segments: replaced.map(({ number }) => number).join(', '),
      into: rewritten?.segment.number ?? 0,
      epochs: before,
      epochsLeft: rewritten?.segment.commits.count ?? 0,
    });
    await leases.retire(replaced);
  }
}

/** Whether a sorted list has a number in [from, to]. */
function hasBetween(sorted: readonly number[], from: number, to: number): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? from) < from) low = middle + 1;
    else high = middle;
  }
  return (sorted[low] ?? Number.POSITIVE_INFINITY) <= to;
}
