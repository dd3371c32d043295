/**
 * How old recovery points are, whatever the clocks say (pure). Retention must not depend on the wall clock
 * of the source, which may be wrong, jump, and repeat hours, nor on that of this machine: a point that a
 * wrong clock expired is gone. So the cuts of a source lie on a timeline of their own. It begins at the
 * wall clock of the first cut and only ever moves forward, by the time that passed between two cuts; the
 * newest cut is "now". While nothing new arrives nothing ages.
 */
export interface CutClocks {
  /** Wall clock of the source, ms. */
  readonly cutTimeMs: number;
  /** CLOCK_MONOTONIC of the source: begins anew whenever it starts. */
  readonly cutMonotonicNs: bigint;
}

const NS_PER_MS = 1_000_000n;
/** How far the wall clock is adjusted between two cuts without anything being wrong. */
const ADJUSTMENT_MS_MAX = 2000;
/** All that a start of the source, where only its wall clock tells, can add. */
const START_MS_MAX = 24 * 60 * 60 * 1000;

/**
 * Milliseconds between two cuts, whole and never negative. CLOCK_MONOTONIC tells, unless the wall clock saw
 * less time pass: then the source was started, or moved to a machine that has been up for long, in between.
 */
export function elapsedMs(before: CutClocks, after: CutClocks): number {
  const wallMs = after.cutTimeMs - before.cutTimeMs;
  const monotonicMs = Number(after.cutMonotonicNs / NS_PER_MS - before.cutMonotonicNs / NS_PER_MS);
  if (monotonicMs >= 0 && monotonicMs <= wallMs + ADJUSTMENT_MS_MAX) return monotonicMs;
  return Math.min(Math.max(0, wallMs), START_MS_MAX);
}
