/** What the `landfall` service tells of replication; see `landfall-types.ts`. */

import type { DataReplicationState } from '../mgn-types.generated.ts';
import type { Tripwire } from './landfall-tripwire-types.ts';

export interface DescribeReplicationRequest {
  readonly sourceServerID: string;
}

export interface DescribeReplicationResponse {
  readonly state: DataReplicationState;
  readonly connected: boolean;
  /** Age of the newest durable state of the source; absent until the first recovery point. */
  readonly lagMs?: number | undefined;
  readonly lagP50Ms?: number | undefined;
  readonly lagP99Ms?: number | undefined;
  readonly etaMs?: number | undefined;
  readonly lastEpoch: number;
  readonly bytesRead: number;
  readonly bytesSent: number;
  readonly bytesOnDisk: number;
  readonly bytesReceived: number;
  readonly recoveryPoints: number;
  readonly firstSyncDurationMs?: number | undefined;
  readonly disks: readonly ReplicatedDisk[];
  readonly agentDesired: AgentDesired;
  readonly replicationServerID?: string | undefined;
  readonly stagingDiscarded: boolean;
  /** While something is transferred. */
  readonly forecast?: Forecast | undefined;
  readonly limits: ReplicationLimits;
  /** Where it is measured and limited. */
  readonly impact?: SourceImpact | undefined;
  /** Absent while nothing is captured. */
  readonly captureMode?: CaptureMode | undefined;
  /** Why it is not `TRACKING`. */
  readonly captureReason?: string | undefined;
  /** `SCAN`: how long the last pass over all disks took. */
  readonly passDurationMs?: number | undefined;
  readonly warnings: readonly string[];
  /** What happened to the disks lately, newest last. */
  readonly diskChanges: readonly DiskChange[];
  readonly excludedDiskIDs: readonly string[];
  /** The verification of everything its journal holds; absent while nothing is known of it. */
  readonly scrub?: JournalScrub | undefined;
  /** Absent where nobody watches for what encrypts files, and while the journal is not open. */
  readonly tripwire?: Tripwire | undefined;
}

export interface JournalScrub {
  /** Of the pass that is under way. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** That came to their end. */
  readonly passes: number;
  readonly passStartedDateTime?: string | undefined;
  readonly lastPassEndedDateTime?: string | undefined;
  readonly damageCount: number;
  /** The first 20 of them. */
  readonly damages: readonly JournalDamage[];
}

export type JournalDamageKind = 'EXTENT' | 'BASE' | 'TABLE' | 'COMMIT' | 'INDEX' | 'HEADER' | 'DOCUMENT';

/** Recovery points that have damaged bytes give an error there, never wrong bytes. */
export interface JournalDamage {
  readonly kind: JournalDamageKind;
  /** Of the file, in the folder of the journal. */
  readonly path: string;
  readonly positionBytes: number;
  readonly what: string;
  readonly diskID?: string | undefined;
  readonly offsetBytes?: number | undefined;
  readonly lengthBytes?: number | undefined;
  /** The recovery points that cannot be read there; absent: none. */
  readonly firstEpoch?: number | undefined;
  readonly lastEpoch?: number | undefined;
  /** The newest recovery point is one of them: the bytes are asked of the source again. */
  readonly isInNewest: boolean;
}

export type CaptureMode = 'TRACKING' | 'SCAN';

export type DiskChangeKind =
  | 'ADDED'
  | 'GROWN'
  | 'SHRUNK'
  | 'RENAMED'
  | 'VANISHED'
  | 'RETURNED'
  | 'EXCLUDED'
  | 'INCLUDED';

export interface DiskChange {
  readonly kind: DiskChangeKind;
  readonly diskID: string;
  readonly deviceName: string;
  readonly sizeBytes: number;
  readonly previousSizeBytes: number;
  readonly dateTime: string;
}

export interface SetDiskReplicationRequest {
  readonly sourceServerID: string;
  /** `disk-1` */
  readonly diskID: string;
  /** False: go on without the disk; recovery points that have it keep it. */
  readonly replicate: boolean;
}

export interface SetDiskReplicationResponse {
  readonly excludedDiskIDs: readonly string[];
}

export interface DescribeForecastRequest {
  readonly sourceServerID: string;
}

export interface DescribeForecastResponse {
  readonly sourceServerID: string;
  /** Absent while nothing is transferred, or the agent has not been heard of. */
  readonly forecast?: Forecast | undefined;
  readonly observedDateTime?: string | undefined;
}

export type ForecastVerdict =
  | 'NOT_KNOWN'
  | 'CAUGHT_UP'
  | 'CONVERGES'
  | 'MAY_NOT_CONVERGE'
  | 'DOES_NOT_CONVERGE';

export type Bottleneck = 'SOURCE_READ' | 'CPU' | 'LINK' | 'STAGING_WRITE' | 'BANDWIDTH_CAP';

/** From measurements alone; what is not known is absent. */
export interface Forecast {
  readonly verdict: ForecastVerdict;
  readonly bytesToGo: number;
  /** Half, and nine tenths, of the futures that the measurements allow are done by then. */
  readonly etaP50Ms?: number | undefined;
  readonly etaP90Ms?: number | undefined;
  readonly bottleneck?: Bottleneck | undefined;
  readonly capacities: readonly StageCapacity[];
  /** Distinct bytes changed a second. */
  readonly churnBytesPerSecond?: number | undefined;
  /** With NOT_KNOWN: how much longer to measure. */
  readonly neededSeconds?: number | undefined;
  /** One line for a person. */
  readonly explanation: string;
}

export interface StageCapacity {
  readonly stage: Bottleneck;
  /** Of disk. */
  readonly bytesPerSecond: number;
}

export interface UpdateReplicationLimitsRequest {
  readonly sourceServerID: string;
  /** The server's own cap, `bandwidthThrottling` of the MGN API; 0: none. Absent: stays. */
  readonly bandwidthMbps?: number | undefined;
  /** Replaces the whole schedule; no windows: no schedule. Absent: stays. */
  readonly bandwidthSchedule?: BandwidthSchedule | undefined;
  /** By which bulk reads may lengthen writes of the source; 0: no limit. Absent: stays. */
  readonly impactBudgetPercent?: number | undefined;
  /** Of the limits as they were read. ConflictException when they are others by now. */
  readonly expectedRevision?: string | undefined;
}

export interface UpdateReplicationLimitsResponse {
  readonly limits: ReplicationLimits;
}

export type Weekday = 'MON' | 'TUE' | 'WED' | 'THU' | 'FRI' | 'SAT' | 'SUN';

/** In a window its cap takes the place of `bandwidthThrottling`; of several windows the strictest holds. */
export interface BandwidthSchedule {
  /** IANA name; windows go by the wall clock there, also on days clocks change. */
  readonly timeZone: string;
  readonly windows: readonly BandwidthWindow[];
}

export interface BandwidthWindow {
  readonly days: readonly Weekday[];
  /** `HH:MM`. */
  readonly from: string;
  /** `HH:MM`, not in it any more; at or before `from`: on the next day. */
  readonly to: string;
  /** Megabits a second; 0: no cap. */
  readonly mbps: number;
}

export interface ReplicationLimits {
  /** The server's own cap, `bandwidthThrottling` of the MGN API; 0: none. */
  readonly bandwidthMbps: number;
  /** What holds now. */
  readonly currentMbps: number;
  readonly nextChange?: CapChange | undefined;
  readonly bandwidthSchedule?: BandwidthSchedule | undefined;
  /** Absent: the agent's default. */
  readonly impactBudgetPercent?: number | undefined;
  /** Of the cap, the schedule and the budget together. */
  readonly revision: string;
}

export interface CapChange {
  readonly atDateTime: string;
  readonly mbps: number;
}

export interface SourceImpact {
  readonly budgetPercent: number;
  /** By which writes take longer while bulk is read. */
  readonly increasePercent?: number | undefined;
  /** Bulk reads at once; below 1: the share of time that is spent reading. */
  readonly level: number;
}

export type AgentDesired = 'REPLICATE' | 'PAUSE' | 'STOP' | 'UNINSTALL';

export interface ReplicatedDisk {
  readonly deviceName: string;
  readonly totalStorageBytes: number;
  readonly replicatedStorageBytes: number;
  readonly rescannedStorageBytes: number;
  readonly backloggedStorageBytes: number;
}
