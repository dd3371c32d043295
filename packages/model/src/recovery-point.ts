/** An instant one can launch from: a durable epoch of all disks of a server. */
export interface RecoveryPoint {
  /** Epoch number, one for all disks of the server; grows by one. */
  readonly epoch: number;
  /** The cut, wall clock of the source server, milliseconds since the epoch. */
  readonly cutTimeMs: number;
  readonly consistency: Consistency;
}

/**
 * CRASH_CONSISTENT: what a power failure at the cut would have left.
 * SCANNED: the disks were read one part after another while they were written. Nothing acknowledged before
 * `cutTimeMs` is missing, but later writes may be in it in part: file systems may need repair, databases may
 * not recover. Their order is their number in the journal's records.
 */
export const CONSISTENCIES = ['CRASH_CONSISTENT', 'SCANNED'] as const;
export type Consistency = (typeof CONSISTENCIES)[number];

/** The record that closes an epoch. */
export interface EpochCommit {
  readonly epoch: number;
  /** Wall clock of the source at the cut, ms. */
  readonly cutTimeMs: number;
  /** CLOCK_MONOTONIC of the source at the cut, ns. */
  readonly cutMonotonicNs: bigint;
  readonly consistency: Consistency;
  /** Extents and zero ranges in the epoch, over all disks. */
  readonly extentCount: number;
}

/** Which point a launch means: the newest, the last at or before a time, or one by number. */
export type PointSelector =
  | { readonly kind: 'LATEST' }
  | { readonly kind: 'TIME'; readonly timeMs: number }
  | { readonly kind: 'EPOCH'; readonly epoch: number };
