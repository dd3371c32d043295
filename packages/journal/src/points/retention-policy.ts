/**
 * Which recovery points stay (pure). Time is that of `source-timeline.ts`: the newest point is "now", and
 * points are in its order.
 *
 * P1 A tier keeps one point of each interval of `everyMs`: the first CRASH_CONSISTENT one, and only when
 *    there is none the first one. So a scanned point never pushes out a cut.
 * P2 All points of an interval move to the next tier, or are dropped, at the same moment: when the whole
 *    interval is old enough. With intervals that contain each other exactly, thinning again and again gives
 *    what thinning once at the end gives.
 * P3 The newest point stays, and the newest CRASH_CONSISTENT one, and whatever is protected.
 */
import { type Consistency, type RetentionTier, tierFault } from '@landfall/model';
import { OperationError } from '@landfall/runtime';

export interface AgedPoint {
  readonly epoch: number;
  readonly consistency: Consistency;
  /** Its place on the timeline of the source. */
  readonly timelineMs: number;
}

/** Errors: OPTION_INVALID. */
export function checkTiers(tiers: readonly RetentionTier[]): void {
  const fault = tierFault(tiers);
  if (fault === undefined) return;
  throw new OperationError('OPTION_INVALID', `these retention tiers do not follow each other: ${fault}`, {
    hint: 'each tier lasts longer than the one before, and its interval is a multiple of that before',
    context: { tiers: JSON.stringify(tiers) },
  });
}

/** The tier of a point, by its index in `tiers`; `tiers.length` when it is older than all of them. */
export function tierOf(tiers: readonly RetentionTier[], timelineMs: number, nowMs: number): number {
  const isIn = (tier: RetentionTier, index: number) => {
    const { everyMs } = tiers[index + 1] ?? tier;
    return intervalEndMs(timelineMs, everyMs) > nowMs - tier.forMs;
  };
  const index = tiers.findIndex(isIn);
  return index < 0 ? tiers.length : index;
}

/** Whether each point stays. `points`: oldest first, the newest is the last. */
export function pointsToKeep(
  points: readonly AgedPoint[],
  tiers: readonly RetentionTier[],
  isProtected: (epoch: number) => boolean,
): boolean[] {
  const nowMs = points.at(-1)?.timelineMs ?? 0;
  const keep = points.map(({ epoch }) => isProtected(epoch));
  for (let from = 0; from < points.length; ) {
    const { to, stays } = intervalAt(points, from, { tiers, nowMs });
    if (stays !== undefined) keep[stays] = true;
    from = to;
  }
  const lastGood = points.findLastIndex(({ consistency }) => consistency === 'CRASH_CONSISTENT');
  for (const index of [lastGood, points.length - 1]) if (index >= 0) keep[index] = true;
  return keep;
}

/** The points from `from` on that share an interval of their tier, and the one of them that stays. */
function intervalAt(
  points: readonly AgedPoint[],
  from: number,
  { tiers, nowMs }: { readonly tiers: readonly RetentionTier[]; readonly nowMs: number },
): { readonly to: number; readonly stays?: number } {
  const startMs = points[from]?.timelineMs ?? 0;
  const tier = tiers[tierOf(tiers, startMs, nowMs)];
  if (tier === undefined) return { to: from + 1 };
  if (tier.everyMs === 0) return { to: from + 1, stays: from };
  const endMs = intervalEndMs(startMs, tier.everyMs);
  let to = from + 1;
  while ((points[to]?.timelineMs ?? Number.POSITIVE_INFINITY) < endMs) to += 1;
  let cut = from;
  while (cut < to && points[cut]?.consistency !== 'CRASH_CONSISTENT') cut += 1;
  return { to, stays: cut < to ? cut : from };
}

/** Where the interval ends that a point is in; an interval of one point ends with it. */
function intervalEndMs(timelineMs: number, everyMs: number): number {
  return everyMs === 0 ? timelineMs : (Math.floor(timelineMs / everyMs) + 1) * everyMs;
}
