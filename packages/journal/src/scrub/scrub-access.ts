/** What a scrub gets of an open journal: files and segments stay until its step has ended. */
import type { DiskJournal } from '../group/disk-journal.ts';
import type { RecoveryPointList } from '../points/recovery-points.ts';
import type { SegmentLeases } from '../segments/segment-leases.ts';
import type { JournalFiles } from '../storage/journal-files.ts';
import type { OpenFiles } from '../storage/open-files.ts';
import type { PointInTimeView } from '../views/point-in-time-view.ts';
import type { DamagedRange } from './journal-damage.ts';
import type { ScrubbedJournal } from './journal-scrub.ts';

export interface ScrubbedParts {
  readonly journalId: string;
  readonly files: JournalFiles;
  readonly leases: SegmentLeases;
  readonly disks: readonly DiskJournal[];
  readonly points: RecoveryPointList;
}

export interface ScrubActions {
  /** Beside no write. */
  readonly between: (operation: () => Promise<void>) => Promise<void>;
  /** A disk at the newest recovery point. */
  readonly newestOf: (diskIndex: number) => {
    readonly device: PointInTimeView;
    readonly release: () => Promise<void>;
  };
}

export class ScrubAccess {
  readonly #parts: ScrubbedParts;
  readonly #openFiles: OpenFiles;
  readonly #actions: ScrubActions;
  #running: Promise<unknown> = Promise.resolve();

  constructor(parts: ScrubbedParts, openFiles: OpenFiles, actions: ScrubActions) {
    this.#parts = parts;
    this.#openFiles = openFiles;
    this.#actions = actions;
  }

  run<Result>(step: (journal: ScrubbedJournal) => Promise<Result>): Promise<Result> {
    const { journalId, files, leases, disks, points } = this.#parts;
    const [openFiles, { lastEpoch }] = [this.#openFiles, points];
    const segments = disks.flatMap((disk) => disk.segments);
    leases.take(segments);
    const rewriteManifest = (diskId: string) =>
      this.#actions.between(async () => disks.find((disk) => disk.diskId === diskId)?.rewriteManifest());
    const readNewest = (range: DamagedRange) => this.#readNewest(range);
    const running = step({
      ...{ journalId, files, openFiles, disks, lastEpoch, readNewest, rewriteManifest },
    }).finally(() => leases.giveBack(segments));
    this.#running = Promise.allSettled([this.#running, running]);
    return running;
  }

  /** Resolves when no step is under way. */
  async settle(): Promise<void> {
    await this.#running;
  }

  async #readNewest({ diskIndex, offsetBytes, lengthBytes }: DamagedRange): Promise<Buffer> {
    const { device, release } = this.#actions.newestOf(diskIndex);
    try {
      const bytes = Buffer.alloc(Math.max(0, Math.min(lengthBytes, device.sizeBytes - offsetBytes)));
      await device.read(offsetBytes, bytes);
      return bytes;
    } finally {
      await release();
    }
  }
}
