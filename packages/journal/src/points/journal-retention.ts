/**
 * The tiers a journal is thinned by, as they are now: they may change while it is open. Points that other
 * tiers dropped do not come back.
 */
import type { RecoveryPoint, RetentionTier } from '@landfall/model';
import type { HeldEpochs } from '../compaction/maintenance.ts';
import type { JournalGroupState } from '../group/journal-group-state.ts';
import type { PointsLedger } from './points-ledger.ts';
import type { RecoveryPointList } from './recovery-points.ts';
import { checkTiers } from './retention-policy.ts';

/** What other tiers would take beyond what those in force take anyway. */
export interface RetentionPreview {
  readonly points: number;
  /** Oldest first. */
  readonly droppedPoints: readonly RecoveryPoint[];
  /** Of those that stay with the other tiers, too; absent when there is no point at all. */
  readonly oldestKept?: RecoveryPoint;
  /** Of those that stay with the tiers in force. */
  readonly oldest?: RecoveryPoint;
}

export class JournalRetention {
  readonly #ledger: PointsLedger;
  readonly #points: RecoveryPointList;
  readonly #viewedEpochs: HeldEpochs;
  #tiers: readonly RetentionTier[];

  /** `viewedEpochs`: points that are being read stay. */
  constructor(
    { ledger, points, retention }: Pick<JournalGroupState, 'ledger' | 'points' | 'retention'>,
    viewedEpochs: HeldEpochs,
  ) {
    this.#ledger = ledger;
    this.#points = points;
    this.#viewedEpochs = viewedEpochs;
    this.#tiers = retention.tiers;
  }

  get tiers(): readonly RetentionTier[] {
    return this.#tiers;
  }

  /** Maintenance goes by these from its next step on. Errors: OPTION_INVALID. */
  keepBy(tiers: readonly RetentionTier[]): void {
    checkTiers(tiers);
    this.#tiers = tiers;
  }

  /** What the next thinning would drop if these were the tiers. Errors: OPTION_INVALID. */
  preview(tiers: readonly RetentionTier[], held: HeldEpochs = () => new Set()): RetentionPreview {
    checkTiers(tiers);
    const staying = () => held().union(this.#viewedEpochs());
    const passing = this.#ledger.surplus(this.#tiers, staying);
    const surplus = this.#ledger.surplus(tiers, staying);
    const dropped = [...surplus.difference(passing)];
    const oldest = this.#points.oldestBut(passing);
    const oldestKept = this.#points.oldestBut(surplus.union(passing));
    return {
      points: this.#points.count - passing.size,
      droppedPoints: dropped.flatMap((epoch) => this.#points.find(epoch) ?? []),
      ...(oldest === undefined ? {} : { oldest }),
      ...(oldestKept === undefined ? {} : { oldestKept }),
    };
  }
}
