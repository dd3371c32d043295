/**
 * Tiers of seconds, so that within one round points are thinned and segments rewritten while programs are
 * killed, and what is left is of every tier.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RecoveryPoint } from '../../packages/model/src/index.ts';
import { ensureFolder, type Random } from '../../packages/runtime/src/index.ts';
import { pickOldAndNew } from './round-plan.ts';

export const CAMPAIGN_TIERS = [
  { everyMs: 0, forMs: 2000 },
  { everyMs: 200, forMs: 4000 },
  { everyMs: 1000, forMs: 3_600_000 },
] as const;
const THIN_EVERY_MS = 500;
/** The smallest there are. */
export const SEGMENT_MIB = 0.25;

/** Before the replication server starts. */
export async function writeCampaignRetention(stateFolder: string): Promise<void> {
  await ensureFolder(stateFolder);
  const retention = { default: CAMPAIGN_TIERS, thinEveryMs: THIN_EVERY_MS };
  await writeFile(join(stateFolder, 'retention.json'), JSON.stringify(retention));
}

/** How often points of this age are kept at least; `undefined` when every one is. Points are newest first. */
function intervalOf(point: RecoveryPoint, points: readonly RecoveryPoint[]): number | undefined {
  const ageMs = (points[0]?.cutTimeMs ?? 0) - point.cutTimeMs;
  const tier = CAMPAIGN_TIERS.findIndex(({ everyMs, forMs }, index) => {
    return ageMs < forMs - (CAMPAIGN_TIERS[index + 1]?.everyMs ?? everyMs);
  });
  return tier === 0 ? undefined : (CAMPAIGN_TIERS[tier] ?? CAMPAIGN_TIERS[2]).everyMs;
}

/** Why it should not be gone, of a point that was listed and is not any more. */
export function whyShouldStay(gone: RecoveryPoint, points: readonly RecoveryPoint[]): string | undefined {
  const everyMs = intervalOf(gone, points);
  if (everyMs === undefined) return 'every point so young stays';
  const isNear = ({ cutTimeMs }: RecoveryPoint) => Math.abs(cutTimeMs - gone.cutTimeMs) <= everyMs;
  return points.some(isNear) ? undefined : `one of ${everyMs} ms stays, and there is none`;
}

/** One of each tier, then old ones and new ones, until there are `count`. */
export function pickOfEachTier(
  points: readonly RecoveryPoint[],
  count: number,
  random: Random,
): readonly RecoveryPoint[] {
  const intervals = [undefined, ...CAMPAIGN_TIERS.slice(1).map(({ everyMs }) => everyMs)];
  const picked = new Set<RecoveryPoint>();
  for (const interval of intervals) {
    const tier = points.filter((point) => intervalOf(point, points) === interval);
    for (const point of pickOldAndNew(tier, 1, random)) picked.add(point);
  }
  for (const point of pickOldAndNew(points, count, random)) if (picked.size < count) picked.add(point);
  return [...picked];
}
