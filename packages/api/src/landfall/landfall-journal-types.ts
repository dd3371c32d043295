/** What the `landfall` service says of journals, and does with them; see `landfall-types.ts`. */
import type { JournalDamage } from './landfall-replication-types.ts';

export interface JournalOperations {
  readonly DescribeJournal: {
    readonly input: DescribeJournalRequest;
    readonly output: DescribeJournalResponse;
  };
  readonly UpdateJournalLimit: {
    readonly input: UpdateJournalLimitRequest;
    readonly output: UpdateJournalLimitResponse;
  };
  readonly StartJournalTask: {
    readonly input: StartJournalTaskRequest;
    readonly output: StartJournalTaskResponse;
  };
  readonly DescribeJournalTask: {
    readonly input: DescribeJournalTaskRequest;
    readonly output: DescribeJournalTaskResponse;
  };
}

export interface DescribeJournalRequest {
  readonly sourceServerID: string;
}

export interface DescribeJournalResponse {
  readonly sourceServerID: string;
  /** The newest measurement; absent until the first one is complete: ask again. */
  readonly space?: JournalSpace | undefined;
  /** Another measurement is under way. */
  readonly measuring?: JournalMeasuring | undefined;
  readonly limitBytes?: number | undefined;
  /** Towards its limit; without one, towards the end of the volume. */
  readonly forecast: SpaceForecast;
  readonly volume: StagingVolume;
  /** It is nearly at its limit, or the volume nearly full: what to do. */
  readonly warning?: string | undefined;
}

export interface JournalMeasuring {
  readonly records: number;
  readonly recordsTotal: number;
}

/**
 * Every byte is in exactly one of these numbers: `totalBytes` is the sum of the others but the costs and
 * `tableBytes`.
 */
export interface JournalSpace {
  readonly measuredDateTime: string;
  readonly totalBytes: number;
  /** The disks as they were at the oldest point, with `tableBytes` of checksums. */
  readonly baseBytes: number;
  readonly tableBytes: number;
  /** Changes since the base that the newest point sees: no retention frees them. */
  readonly newestBytes: number;
  readonly tiers: readonly JournalTier[];
  /** What only named and locked points see. */
  readonly marked: JournalMarkedSpace;
  /** What only points see that machines read, or that go with the next thinning. */
  readonly passing: JournalPassingSpace;
  /** What no point sees: compaction removes it where enough of it is together. */
  readonly reclaimableBytes: number;
  /** Files that were replaced and are still read. */
  readonly heldBytes: number;
  /** Of an epoch that is not complete yet. */
  readonly openBytes: number;
  /** Documents, folders, headers, what is being rewritten, and what the storage rounds up. */
  readonly otherBytes: number;
  readonly historyMs: number;
  readonly diskBytes: number;
}

export interface JournalTier {
  /** One recovery point of so many milliseconds; 0: every point. */
  readonly everyMs: number;
  readonly forMs: number;
  readonly points: number;
  readonly bytes: number;
  /** What would be freed if the tier were not kept. */
  readonly costBytes: number;
}

export interface JournalMarkedSpace {
  readonly points: number;
  readonly bytes: number;
  readonly costBytes: number;
}

export interface JournalPassingSpace {
  readonly points: number;
  readonly bytes: number;
}

export interface StagingVolume {
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly forecast: SpaceForecast;
}

export type SpaceVerdict = 'NOT_KNOWN' | 'STAYS_BELOW' | 'NOT_GROWING' | 'FILLS' | 'NOT_SOON';

/** From measurements alone; what is not known is absent. */
export interface SpaceForecast {
  readonly verdict: SpaceVerdict;
  readonly measuredMs: number;
  /** With NOT_KNOWN: how much longer to measure. */
  readonly neededMs?: number | undefined;
  readonly growthBytesPerDay?: number | undefined;
  readonly roomBytes: number;
  readonly earliestMs?: number | undefined;
  readonly likelyMs?: number | undefined;
  readonly latestMs?: number | undefined;
  /** What it needs at most if the server goes on changing as it did. */
  readonly boundBytes?: number | undefined;
  /** One line for a person. */
  readonly explanation: string;
}

export interface UpdateJournalLimitRequest {
  readonly sourceServerID: string;
  /** Absent: no limit but the volume's. */
  readonly limitBytes?: number | undefined;
}

export interface UpdateJournalLimitResponse {
  readonly limitBytes?: number | undefined;
}

export type JournalTaskName = 'VERIFY' | 'SCRUB' | 'COMPACT';
export type JournalTaskState = 'RUNNING' | 'COMPLETE' | 'FAILED';

export interface StartJournalTaskRequest {
  readonly sourceServerID: string;
  readonly task: JournalTaskName;
}

export interface StartJournalTaskResponse {
  readonly task: JournalTask;
}

export interface DescribeJournalTaskRequest {
  readonly sourceServerID: string;
  readonly task: JournalTaskName;
}

export interface DescribeJournalTaskResponse {
  /** The newest one; absent: there was none since the replication server was started. */
  readonly task?: JournalTask | undefined;
}

export interface JournalTask {
  readonly task: JournalTaskName;
  readonly state: JournalTaskState;
  readonly startedDateTime: string;
  readonly endedDateTime?: string | undefined;
  /** VERIFY and SCRUB: what was read of what there is to read. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly damageCount: number;
  /** The first 20 of them. */
  readonly damages: readonly JournalDamage[];
  /** COMPACT: what the journal took before, and takes now. */
  readonly bytesBefore: number;
  readonly bytesNow: number;
  readonly droppedPoints: number;
  /** With FAILED: why, and what to do. */
  readonly reason?: string | undefined;
}
