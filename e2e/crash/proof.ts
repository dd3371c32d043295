/** What checking a recovered point found. Several proofs of one point are added up. */
export interface Proof {
  readonly checks: number;
  readonly violations: readonly string[];
}

/** When a point was cut, as far as its record tells. */
export interface CutTime {
  readonly cutTimeMs: number;
}

/**
 * Between the times of a workload and the time of a cut. The cut's is rounded down to a millisecond from a
 * wall clock that is read in whole milliseconds; the workload's come from the monotonic clock plus the wall
 * clock at its start. Neither depends on how fast anything is.
 */
export const CLOCK_SLACK_MS = 5;

export const NOTHING_CHECKED: Proof = { checks: 0, violations: [] };

export function addProofs(...proofs: readonly Proof[]): Proof {
  return {
    checks: proofs.reduce((sum, proof) => sum + proof.checks, 0),
    violations: proofs.flatMap((proof) => proof.violations),
  };
}

/** One check with its outcome. */
export function check(holds: boolean, violation: () => string): Proof {
  return { checks: 1, violations: holds ? [] : [violation()] };
}
