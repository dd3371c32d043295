/** What the replication server has noticed of something that encrypts the files of a source server. */

/** The code of the event, in logs and in the API. */
export const RANSOMWARE_SUSPECTED = 'RANSOMWARE_SUSPECTED';

export interface RansomwareSuspicion {
  readonly code: typeof RANSOMWARE_SUSPECTED;
  readonly detectedAtMs: number;
  /** Of the first epoch that may belong to it: when it was cut, by the source's clock. */
  readonly beganAtMs: number;
  /** Estimated. */
  readonly convertedBytes: number;
  readonly diskIds: readonly string[];
  /** The recovery point before it that was pinned; absent: there was none. */
  readonly pinnedEpoch?: number;
  readonly lastSeenAtMs: number;
  /** Null: it goes on, or has not been quiet for long enough. */
  readonly endedAtMs: number | null;
  /** Null: nobody has said that they know. */
  readonly acknowledgedAtMs: number | null;
}

export interface TripwireFacts {
  /** The newest SUSPICIONS_TOLD_MAX, oldest first. */
  readonly suspicions: readonly RansomwareSuspicion[];
}

export const SUSPICIONS_TOLD_MAX = 16;
