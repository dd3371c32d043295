/** A preflight to be done: by itself at the first recovery point, and whenever it is asked for. */
import type { PointSelector } from '@landfall/model';
import { publicId } from '@landfall/runtime';
import type { Service } from '../service.ts';
import { findPreflight, type PreflightRecord, savePreflight } from '../store/preflights.ts';
import type { Queries } from '../store/schema.ts';

export interface PreflightWish {
  readonly sourceServerId: string;
  readonly trigger: PreflightRecord['trigger'];
  readonly at: PointSelector;
}

/**
 * The one that is under way or waits, when it is for the same point, and then at once; else a new one. The
 * last result stays until there is another. `undefined`: one for another point is running.
 */
export async function beginPreflight(
  { clock, random, log }: Service,
  tx: Queries,
  { sourceServerId, trigger, at }: PreflightWish,
): Promise<PreflightRecord | undefined> {
  const before = await findPreflight(tx, sourceServerId);
  const nowMs = clock.nowMs();
  const isSame = before !== undefined && isSamePoint(before.at, at);
  if (before?.state === 'RUNNING') return isSame ? before : undefined;
  const next: PreflightRecord = {
    preflightId: publicId('preflight-', random),
    ...{ sourceServerId, trigger, at, createdAtMs: nowMs },
    ...{ state: 'WAITING', attempts: 0 },
    ...(before?.state === 'WAITING' && isSame ? before : {}),
    nextAttemptAtMs: nowMs,
    exports: before?.exports ?? [],
    report: before?.report,
  };
  await savePreflight(tx, next);
  log.info('preflight-wanted', { sourceServerId, preflightId: next.preflightId, trigger });
  return next;
}

function isSamePoint(one: PointSelector, other: PointSelector): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
