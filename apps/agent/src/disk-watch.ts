/**
 * Which disks of this server are replicated now. The list is looked over every second where that is cheap (is
 * each known disk still there, as large as it was?) and as a whole every 30 s and at every start (are there
 * others?). What changed is told, logged and written down before it takes effect.
 *
 *   ALL    disks that appear join by themselves; every disk is replicated as large as it is
 *   NAMED  only the disks that were named; as large as they are
 *   OFF    only the disks that were named, as large as they were when replication began
 *
 * D1 a disk id means one disk for ever: an id that was given is never given to another one.
 * D2 a disk leaves the list only when the user says so (`excluded`); one that is gone stops everything
 *    (DISK_VANISHED), because it may come back with writes nobody saw.
 */
import type { DiskChange } from '@landfall/model';
import { type Clock, type Logger, OperationError } from '@landfall/runtime';
import { type FoundDisk, joinDisks, type KnownDisk, matchDisks } from './disk-mapping.ts';

export const DISK_DETECTIONS = ['ALL', 'NAMED', 'OFF'] as const;
export type DiskDetection = (typeof DISK_DETECTIONS)[number];

export interface DiskWatchOptions {
  readonly disks: readonly KnownDisk[];
  readonly detection: DiskDetection;
  /** Smaller numbers were given to disks that are not replicated any more. */
  readonly nextDiskNumber?: number;
  /** `thorough`: all disks of the server, not only whether the known ones are in place. */
  findDisks(known: readonly KnownDisk[], thorough: boolean): Promise<readonly FoundDisk[]>;
  save(disks: readonly KnownDisk[]): Promise<void>;
  readonly logger: Logger;
  readonly clock: Clock;
}

const DETECTION_INTERVAL_MS = 30_000;
const CHANGES_KEPT_MAX = 16;
/** One server cannot have more. */
const DISKS_MAX = 60;

export class DiskWatch {
  readonly #options: DiskWatchOptions;
  /** All that ever were replicated. */
  #known: readonly KnownDisk[];
  #excluded: ReadonlySet<string> = new Set();
  #changes: readonly DiskChange[] = [];
  #vanished: ReadonlySet<string> = new Set();
  /** `#known` as it was last written down. */
  #saved: string;
  #lookedOverMs: number | undefined;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
    this.#known = options.disks;
    this.#saved = JSON.stringify(options.disks);
  }

  /** Those replicated now, with the names and sizes they have. */
  get disks(): readonly KnownDisk[] {
    return this.#known.filter(({ diskId }) => !this.#excluded.has(diskId));
  }

  /** Of `disks`, those whose first copy must not keep the others waiting. */
  get joiningDiskIds(): readonly string[] {
    return this.disks.filter(({ isJoining }) => isJoining === true).map(({ diskId }) => diskId);
  }

  /** Their first copy is complete; the next look writes it down. */
  onJoined(diskIds: readonly string[]): void {
    this.#known = this.#known.map((disk) => {
      const { isJoining: _, ...member } = disk;
      return diskIds.includes(disk.diskId) ? member : disk;
    });
  }

  /** The last few, newest last. */
  get changes(): readonly DiskChange[] {
    return this.#changes;
  }

  /**
   * True when the disks are other ones, elsewhere or of other sizes than before, so that tracking has to
   * begin anew. `tracked`: it is under way. Errors: DISK_VANISHED.
   */
  async look(excludedDiskIds: readonly string[], tracked: boolean): Promise<boolean> {
    const before = this.disks;
    this.#noteExcluded(new Set(excludedDiskIds));
    const thorough = this.#isOverviewDue();
    const found = await this.#options.findDisks(this.disks, thorough);
    const { present, missing } = matchDisks(this.#known, found);
    const lost = missing.filter(({ diskId }) => !this.#excluded.has(diskId));
    this.#noteVanished(lost);
    if (lost.length > 0) throw vanished(lost);
    const settled = this.#settleSizes(present, tracked);
    const joined = thorough && this.#options.detection === 'ALL' ? this.#joinNew(settled, found) : settled;
    await this.#take(joined);
    return describe(before) !== describe(this.disks);
  }

  #isOverviewDue(): boolean {
    const nowMs = this.#options.clock.nowMs();
    const ageMs = nowMs - (this.#lookedOverMs ?? Number.NEGATIVE_INFINITY);
    if (ageMs >= 0 && ageMs < DETECTION_INTERVAL_MS) return false;
    this.#lookedOverMs = nowMs;
    return true;
  }

  /** In the order of `#known`; disks that are excluded and gone stay as they were. */
  #settleSizes(present: readonly KnownDisk[], tracked: boolean): readonly KnownDisk[] {
    const keepsSizes = this.#options.detection === 'OFF' && tracked;
    const now = new Map(present.map((disk) => [disk.diskId, disk]));
    return this.#known.map((disk) => {
      const found = now.get(disk.diskId) ?? disk;
      return keepsSizes ? { ...found, sizeBytes: disk.sizeBytes } : found;
    });
  }

  #joinNew(known: readonly KnownDisk[], found: readonly FoundDisk[]): readonly KnownDisk[] {
    const candidates = found.filter(({ isDiscovered }) => isDiscovered !== false);
    const joined = joinDisks(known, candidates, this.#options.nextDiskNumber);
    const room = DISKS_MAX - this.disks.length;
    if (joined.length - known.length <= room) return joined;
    this.#options.logger.warn('disk-not-added', { disksMax: DISKS_MAX, found: joined.length });
    return joined.slice(0, known.length + Math.max(0, room));
  }

  async #take(next: readonly KnownDisk[]): Promise<void> {
    const text = JSON.stringify(next);
    if (text === this.#saved) return;
    const before = new Map(this.#known.map((disk) => [disk.diskId, disk]));
    await this.#options.save(next);
    this.#saved = text;
    this.#known = next;
    for (const disk of this.disks) {
      const old = before.get(disk.diskId);
      if (old === undefined) this.#note('ADDED', disk, 0);
      else if (old.sizeBytes < disk.sizeBytes) this.#note('GROWN', disk, old.sizeBytes);
      else if (old.sizeBytes > disk.sizeBytes) this.#note('SHRUNK', disk, old.sizeBytes);
      else if (old.deviceName !== disk.deviceName) this.#note('RENAMED', disk, old.sizeBytes);
    }
  }

  #noteExcluded(excluded: ReadonlySet<string>): void {
    for (const disk of this.#known) {
      const { diskId, sizeBytes } = disk;
      if (excluded.has(diskId) === this.#excluded.has(diskId)) continue;
      this.#note(excluded.has(diskId) ? 'EXCLUDED' : 'INCLUDED', disk, sizeBytes);
    }
    this.#excluded = excluded;
  }

  #noteVanished(lost: readonly KnownDisk[]): void {
    const gone = new Set(lost.map(({ diskId }) => diskId));
    for (const disk of this.disks) {
      const { diskId, sizeBytes } = disk;
      if (gone.has(diskId) === this.#vanished.has(diskId)) continue;
      this.#note(gone.has(diskId) ? 'VANISHED' : 'RETURNED', disk, sizeBytes);
    }
    this.#vanished = gone;
  }

  #note(kind: DiskChange['kind'], disk: KnownDisk, previousSizeBytes: number): void {
    const { logger, clock } = this.#options;
    const { diskId, deviceName, sizeBytes } = disk;
    const change = { atMs: clock.nowMs(), kind, diskId, deviceName, sizeBytes, previousSizeBytes };
    this.#changes = [...this.#changes, change].slice(-CHANGES_KEPT_MAX);
    logger.info('disk-changed', change);
  }
}

function describe(disks: readonly KnownDisk[]): string {
  return JSON.stringify(disks.map(({ diskId, deviceName, sizeBytes }) => [diskId, deviceName, sizeBytes]));
}

function vanished(missing: readonly KnownDisk[]): OperationError {
  const names = missing.map((disk) => `${disk.diskId} (${disk.deviceName})`).join(', ');
  const [first] = missing;
  return new OperationError('DISK_VANISHED', `${names} is no longer on this server`, {
    hint: `attach the disk again and replication goes on; or go on without it: \`landfall server exclude-disk SERVER ${first?.diskId}\``,
    retryable: true,
  });
}
