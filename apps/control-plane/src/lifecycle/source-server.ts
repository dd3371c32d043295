/**
 * A source server as the control plane remembers it. What the agent last said of it is in its program's
 * report.
 */
import type { Mgn } from '@landfall/api';
import type {
  BandwidthSchedule,
  DataReplicationState,
  InitiationStepName,
  InitiationStepStatus,
  RetentionTier,
  SourceDisk,
  SourceProperties,
} from '@landfall/model';
import type { BootProofSchedule } from '../boot-proofs/boot-proof-schedule.ts';
import type { LifeCycle } from './life-cycle.ts';

/** What the agent was told to do; changed by the API only. */
export type DesiredReplication = 'REPLICATE' | 'PAUSE' | 'STOP' | 'UNINSTALL';

export interface LaunchedMachine {
  readonly machineId: string;
  readonly jobId: string;
  readonly firstBoot: 'WAITING' | 'SUCCEEDED' | 'UNKNOWN' | 'STOPPED';
}

export interface InitiationStep {
  readonly name: InitiationStepName;
  readonly status: InitiationStepStatus;
}

/** Data replication as of the last observation that was worth keeping. */
export interface ReplicationRecord {
  readonly desired: DesiredReplication;
  readonly startedAtMs: number;
  readonly state: DataReplicationState;
  readonly steps: readonly InitiationStep[];
  readonly firstByteAtMs: number | null;
  /** The replication server has fetched a configuration that lists this server. */
  readonly pairedAtMs: number | null;
}

export interface SourceServerRecord {
  readonly sourceServerId: string;
  readonly createdAtMs: number;
  readonly isArchived: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly lifeCycle: LifeCycle;
  readonly replication: ReplicationRecord;
  readonly replicationServerId: string | null;
  readonly sourceProperties: SourceProperties;
  readonly disks: readonly SourceDisk[];
  /** Disks to go on without; absent: none ever. */
  readonly excludedDiskIds?: readonly string[];
  readonly userProvidedId?: string;
  readonly fqdnForActionFramework?: string;
  readonly platform?: string;
  /** What an inventory said of network interfaces beyond the one a machine has, by its columns. */
  readonly inventoryLaunch?: Readonly<Record<string, string>>;
  readonly applicationId?: string;
  readonly connectorAction?: Mgn.SourceServerConnectorAction;
  readonly launched: LaunchedMachine | null;
  readonly replicationConfiguration: ReplicationSettings;
  /** What the MGN API has no words for; absent in records from before there was any. */
  readonly replicationLimits?: ReplicationLimits;
  /** Hours from one proof of equality to the next, 0: none; absent: the default. */
  readonly proofIntervalHours?: number;
  /** What is set of it; the rest is as by default. */
  readonly bootProofSchedule?: Partial<BootProofSchedule>;
  /** When a machine launched from it was last seen to live. */
  readonly bootedAtMs?: number;
  /** How much of the staging volume its journal may take; absent: what there is. */
  readonly journalLimitBytes?: number;
  /** Which of its recovery points to keep; absent: as by default. */
  readonly retentionTiers?: readonly RetentionTier[];
  readonly launchConfiguration: LaunchSettings;
  /** All of its bytes in staging are gone. */
  readonly stagingDiscardedAtMs: number | null;
}

export interface ReplicationLimits {
  readonly bandwidthSchedule?: BandwidthSchedule;
  /** Absent: the agent's default. */
  readonly impactBudgetPercent?: number;
}

/** Kept in the API's own words, because nothing here interprets most of them. */
export type ReplicationSettings = Omit<
  Mgn.ReplicationConfiguration,
  'sourceServerID' | 'bandwidthThrottling'
> & {
  readonly bandwidthThrottling: number;
};

export type LaunchSettings = Omit<
  Mgn.LaunchConfiguration,
  'sourceServerID' | 'launchDisposition' | 'targetInstanceTypeRightSizingMethod' | 'bootMode'
> & {
  readonly launchDisposition: Mgn.LaunchDisposition;
  readonly targetInstanceTypeRightSizingMethod: Mgn.TargetInstanceTypeRightSizingMethod;
  readonly bootMode: Mgn.BootMode;
};
