/**
 * What keeps a journal small, one bounded step at a time: drop the points that the tiers do not keep, then
 * remove what only they saw. Steps do not overlap; whoever calls them decides how much of the machine they
 * get.
 */

import type { RetentionTier } from '@landfall/model';
import type { BaseAdvance } from '../base/base-advance.ts';
import type { JournalRetention } from '../points/journal-retention.ts';
import type { PointsLedger } from '../points/points-ledger.ts';
import type { RecoveryPointList } from '../points/recovery-points.ts';
import type { Compaction } from './compaction.ts';

/** On the timeline of the source: thinning rewrites the whole list of points. */
export const THIN_EVERY_MS_DEFAULT = 60_000;
/** The same where space runs out. */
const THIN_SOON_MS = 5000;

export interface RetentionSettings {
  readonly tiers: readonly RetentionTier[];
  /** Points are dropped up to so much later than their tier says. */
  readonly thinEveryMs?: number;
  /** Old segments go into the base when they are so many times as large as its table. */
  readonly tableFactor?: number;
}

/** Asked when it is decided what is dropped: what is held by then stays. */
export type HeldEpochs = () => ReadonlySet<number>;

export interface MaintenanceStep {
  readonly did: 'NOTHING' | 'DROPPED_POINTS' | 'EXAMINED' | 'COPIED' | 'REPLACED' | 'ADVANCED';
  /** Recovery points that were dropped. */
  readonly droppedPoints: number;
  /** More is to do now; otherwise not before new points arrive, or views are closed. */
  readonly hasMore: boolean;
}

export interface MaintenanceOptions {
  readonly points: RecoveryPointList;
  readonly ledger: PointsLedger;
  readonly compaction: Compaction;
  readonly advance: BaseAdvance;
  readonly retention: JournalRetention;
  /** Points are dropped up to so much later than their tier says. */
  readonly thinEveryMs?: number | undefined;
  /** Views of these points are open: they stay. */
  readonly viewedEpochs: () => ReadonlySet<number>;
}

export class Maintenance {
  readonly #options: MaintenanceOptions;
  #running: Promise<unknown> = Promise.resolve();
  #ended = false;
  /** What the last thinning saw. */
  #thinned: { readonly atMs: number; readonly change: number; readonly tiers?: readonly RetentionTier[] } = {
    atMs: Number.NEGATIVE_INFINITY,
    change: -1,
  };

  constructor(options: MaintenanceOptions) {
    this.#options = options;
  }

  /**
   * `held` points stay, too. `thinsSoon`: points go seconds after their tier says so, not up to
   * `thinEveryMs` later. Errors: STAGING_FULL, JOURNAL_STORAGE_FAILED; nothing is lost by them, and the
   * next step tries again.
   */
  step(held: HeldEpochs, thinsSoon = false): Promise<MaintenanceStep> {
    const step = this.#running.then(() => this.#step(held, thinsSoon));
    this.#running = Promise.allSettled([step]);
    return step;
  }

  /** Resolves when nothing is under way any more; later steps do nothing. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#running;
    await this.#options.advance.abandon();
    await this.#options.compaction.abandon();
  }

  async #step(held: HeldEpochs, thinsSoon: boolean): Promise<MaintenanceStep> {
    if (this.#ended) return { did: 'NOTHING', droppedPoints: 0, hasMore: false };
    const { ledger, compaction } = this.#options;
    await ledger.recordOpenTime();
    const dropped = await this.#thinWhenDue(held, thinsSoon);
    if (dropped.length > 0) {
      compaction.noteDropped(dropped);
      return { did: 'DROPPED_POINTS', droppedPoints: dropped.length, hasMore: true };
    }
    const did = await this.#removeUnseen();
    return { did, droppedPoints: 0, hasMore: did !== 'NOTHING' };
  }

  /** What goes into the base as a whole needs no compaction before. A segment is never in two hands. */
  async #removeUnseen(): Promise<MaintenanceStep['did']> {
    const { compaction, advance } = this.#options;
    if (compaction.isUnderWay) return compaction.step();
    const advanced = await advance.step();
    return advanced === 'NOTHING' ? compaction.step() : advanced;
  }

  async #thinWhenDue(held: HeldEpochs, thinsSoon: boolean): Promise<readonly number[]> {
    const { points, ledger, retention, viewedEpochs, thinEveryMs = THIN_EVERY_MS_DEFAULT } = this.#options;
    const { timelineMs } = points;
    const { tiers } = retention;
    const everyMs = thinsSoon ? Math.min(THIN_SOON_MS, thinEveryMs) : thinEveryMs;
    const { atMs, change, tiers: before } = this.#thinned;
    const isDue = timelineMs - atMs >= everyMs || ledger.changes !== change || tiers !== before;
    if (!isDue || points.count === 0) return [];
    const dropped = await ledger.thin(tiers, () => held().union(viewedEpochs()));
    this.#thinned = { atMs: timelineMs, change: ledger.changes, tiers };
    return dropped;
  }
}
