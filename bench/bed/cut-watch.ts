/**
 * How replication keeps up while a load runs, told by the recovery points themselves: their cut times, and
 * when the replication server lists one, which is after it became durable. A sample of the lag is the age of
 * the newest listed cut when the answer arrives; the way of question and answer (up to 200 ms) counts against
 * us. So does the end of the time: what is not durable by then is a gap.
 */
import { systemClock } from '../../packages/runtime/src/index.ts';
import type { Replication } from './replication.ts';

export interface CutsUnderLoad {
  readonly lagP99Ms: number;
  readonly gapMaxMs: number;
  readonly cutCount: number;
}

const SAMPLE_PAUSE_MS = 100;
/** Before it, the load begins; an idle server makes no cuts. */
export const WARM_UP_MS = 1500;
const POINTS_MAX = 10_000;

/** Watches for the time given from now on, of which the warm-up does not count. */
export async function watchCuts(replication: Replication, durationMs: number): Promise<CutsUnderLoad> {
  const startMs = systemClock.nowMs();
  const fromMs = startMs + WARM_UP_MS;
  const toMs = startMs + durationMs;
  const lagsMs: number[] = [];
  await systemClock.sleep(WARM_UP_MS);
  while (systemClock.nowMs() < toMs) {
    const newest = await replication.newestPoint();
    lagsMs.push(systemClock.nowMs() - (newest?.cutTimeMs ?? 0));
    await systemClock.sleep(SAMPLE_PAUSE_MS);
  }
  const points = await replication.recoveryPoints({ fromMs, toMs, limit: POINTS_MAX });
  const cutsMs = points.map((point) => point.cutTimeMs).reverse();
  const gapMaxMs = largestGap([fromMs, ...cutsMs, toMs]);
  return { lagP99Ms: percentile(lagsMs, 0.99), gapMaxMs, cutCount: cutsMs.length };
}

function largestGap(timesMs: readonly number[]): number {
  const gaps = timesMs.slice(1).map((timeMs, index) => timeMs - (timesMs[index] ?? timeMs));
  return Math.max(...gaps);
}

/** Nearest rank; not a number without samples. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
