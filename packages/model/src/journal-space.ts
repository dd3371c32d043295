/** What the journal of a server takes, what for, and where that leads. */

export interface TierSpace {
  /** One recovery point of so many milliseconds; 0: every point. */
  readonly everyMs: number;
  /** Until points are so old. */
  readonly forMs: number;
  readonly points: number;
  /** What a point of this tier is the newest to see. */
  readonly bytes: number;
  /** What would be freed if the tier were not kept: the next one would take its points, or nobody. */
  readonly costBytes: number;
}

/**
 * Every byte is in exactly one of these numbers (J5): `totalBytes` is the sum of all the others but the costs
 * and `tableBytes`, which are parts of them.
 */
export interface JournalSpace {
  readonly measuredAtMs: number;
  /** Of storage, holes not counted. */
  readonly totalBytes: number;
  /** The disks as they were at the oldest point, and their checksums. */
  readonly baseBytes: number;
  readonly tableBytes: number;
  /** Changes since the base that the newest point sees: no retention frees them. */
  readonly newestBytes: number;
  /** The finest first. */
  readonly tiers: readonly TierSpace[];
  /** What only named and locked points see. */
  readonly marked: Pick<TierSpace, 'points' | 'bytes' | 'costBytes'>;
  /** What only points see that machines read, or that go with the next thinning. */
  readonly passing: Pick<TierSpace, 'points' | 'bytes'>;
  /** What no point sees: compaction removes it where enough of it is together. */
  readonly reclaimableBytes: number;
  /** Files that were replaced and are still read. */
  readonly heldBytes: number;
  /** Of an epoch that is not complete yet. */
  readonly openBytes: number;
  /** Documents, folders, headers, what is being rewritten, and what the storage rounds up. */
  readonly otherBytes: number;
  /** On the source's own timeline: from the oldest recovery point to the newest. */
  readonly historyMs: number;
  /** All disks together, as large as they are now. */
  readonly diskBytes: number;
}

/**
 * NOT_KNOWN: too little was measured. STAYS_BELOW: at this churn it never needs more than `boundBytes`, and
 * there is room for that. FILLS: between `earliestMs` and `latestMs` from now. NOT_SOON: not in the time that
 * the measurement says anything of.
 */
export const SPACE_VERDICTS = ['NOT_KNOWN', 'STAYS_BELOW', 'NOT_GROWING', 'FILLS', 'NOT_SOON'] as const;
export type SpaceVerdict = (typeof SPACE_VERDICTS)[number];

export interface SpaceForecast {
  readonly verdict: SpaceVerdict;
  /** Of how long a measurement this is. */
  readonly measuredMs: number;
  /** With NOT_KNOWN: how much longer to measure. */
  readonly neededMs: number | null;
  readonly growthBytesPerDay: number | null;
  /** Until the limit, or until the volume is full, whichever is sooner. */
  readonly roomBytes: number;
  readonly earliestMs: number | null;
  readonly likelyMs: number | null;
  /** Null with FILLS: what was measured also allows that it never does. */
  readonly latestMs: number | null;
  readonly boundBytes: number | null;
  /** One line for a person. */
  readonly explanation: string;
}
