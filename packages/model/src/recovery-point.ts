/** An instant one can launch from: a durable epoch of all disks of a server. */
export interface RecoveryPoint {
  /** Epoch number, one for all disks of the server; grows by one. */
  readonly epoch: number;
  /** The cut, wall clock of the source server, milliseconds since the epoch. */
  readonly cutTimeMs: number;
  readonly consistency: Consistency;
}

/** CRASH_CONSISTENT: what a power failure at the cut would have left. */
export type Consistency = 'CRASH_CONSISTENT';

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
