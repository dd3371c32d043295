/**
 * What the ledger of a launched machine must show. The application's promise: a row is committed on the
 * first disk, then its number is fsynced on the second. So after any crash logged ≤ committed ≤ logged + 1
 * — across both disks.
 */
export interface LedgerProof {
  /** SQLite's integrity_check: `ok`. */
  readonly integrity: string;
  readonly committed: number;
  readonly rows: number;
  readonly logged: number;
  readonly rootFsck: string;
  readonly dataFsck: string;
  readonly bootId: string;
  readonly mounts: string;
  readonly swaps: string;
  readonly agent: string;
}

export interface ProofExpectation {
  /** Range the newest committed number must lie in. */
  readonly committedMin: number;
  readonly committedMax: number;
}

/** Everything that is wrong, a sentence each; empty when the proof holds. */
export function findFaults(proof: LedgerProof, expected: ProofExpectation): string[] {
  const checks: readonly (readonly [boolean, string])[] = [
    [proof.integrity === 'ok', `integrity_check says ${proof.integrity}`],
    [
      proof.rows === proof.committed,
      `${proof.rows} rows but the newest is ${proof.committed}: some are missing`,
    ],
    [
      proof.logged <= proof.committed,
      `logged ${proof.logged} on disk 2, but only ${proof.committed} committed on disk 1`,
    ],
    [
      proof.committed <= proof.logged + 1,
      `committed ${proof.committed} on disk 1, but only ${proof.logged} logged on disk 2`,
    ],
    [
      proof.committed >= expected.committedMin,
      `committed ${proof.committed}, expected at least ${expected.committedMin}`,
    ],
    [
      proof.committed <= expected.committedMax,
      `committed ${proof.committed}, expected at most ${expected.committedMax}`,
    ],
    [fsckIsClean(proof.rootFsck), `fsck of the root disk is not clean: ${proof.rootFsck.trim()}`],
    [fsckIsClean(proof.dataFsck), `fsck of the data disk is not clean: ${proof.dataFsck.trim()}`],
    [mounted(proof.mounts, '/'), `the root file system is not mounted: ${proof.mounts}`],
    [mounted(proof.mounts, '/srv/ledger'), `the data disk is not mounted: ${proof.mounts}`],
    [proof.swaps.includes('partition'), 'swap is not in use'],
    [
      proof.agent !== 'active' && proof.agent !== 'activating',
      `the replication agent is ${proof.agent} on the copy`,
    ],
  ];
  return checks.filter(([holds]) => !holds).map(([, fault]) => fault);
}

/**
 * e2fsck checked all of it (the image asks for that at every boot) and found nothing to repair beyond the
 * log replay.
 */
export function fsckIsClean(log: string): boolean {
  const checked = /: \d+\/\d+ files/.test(log) || /: clean,/.test(log);
  const repaired =
    /UNEXPECTED INCONSISTENCY|FIXED|FILE SYSTEM WAS MODIFIED|REBOOT|fsck failed|status code [^0]/.test(log);
  return checked && !repaired;
}

function mounted(mounts: string, target: string): boolean {
  return mounts.split('\n').some((line) => line.startsWith(`${target} /dev/`));
}
