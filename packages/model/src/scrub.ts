/** What the scrub of a server's journal has read and found. */

/**
 * EXTENT, BASE and TABLE: a range of a disk cannot be read at some recovery points. The others are of the
 * files themselves: every disk can still be read.
 */
export const DAMAGE_KINDS = ['EXTENT', 'BASE', 'TABLE', 'COMMIT', 'INDEX', 'HEADER', 'DOCUMENT'] as const;
export type DamageKind = (typeof DAMAGE_KINDS)[number];

export interface DamageFacts {
  readonly kind: DamageKind;
  /** Of the file, in the journal's folder. */
  readonly path: string;
  readonly positionBytes: number;
  readonly what: string;
  readonly diskId?: string;
  /** Of the disk, with the next. */
  readonly offsetBytes?: number;
  readonly lengthBytes?: number;
  /** The recovery points that cannot be read there; absent: none. */
  readonly firstEpoch?: number;
  readonly lastEpoch?: number;
  /** The newest recovery point is one of them. */
  readonly isInNewest: boolean;
}

export interface ScrubFacts {
  /** Of the pass that is under way. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** Null: none has begun. */
  readonly passStartedAtMs: number | null;
  /** Null: none has come to its end yet. */
  readonly lastPassEndedAtMs: number | null;
  readonly passes: number;
  readonly damageCount: number;
  /** The first DAMAGES_TOLD_MAX of them. */
  readonly damages: readonly DamageFacts[];
}

export const DAMAGES_TOLD_MAX = 20;
