/** All servers at a glance, and one page of those that are looked for, in the `landfall` service. */
import type { DataReplicationState, LifeCycleState, SourceServer } from '../mgn-types.generated.ts';

export interface FleetOperations {
  readonly DescribeFleet: {
    readonly input: DescribeFleetRequest;
    readonly output: DescribeFleetResponse;
  };
  readonly ListServers: {
    readonly input: ListServersRequest;
    readonly output: ListServersResponse;
  };
}

export interface DescribeFleetRequest {
  /** Default: 100. */
  readonly maxAlerts?: number | undefined;
}

/** Of servers that are not archived. */
export interface DescribeFleetResponse {
  readonly observedDateTime: string;
  readonly servers: number;
  /** That a machine could be launched from now. */
  readonly protectedServers: number;
  /** States with a server, in the order of the lifecycle. */
  readonly lifeCycle: readonly LifeCycleCount[];
  readonly replication: readonly ReplicationCount[];
  readonly lag: FleetLag;
  readonly launches: FleetLaunches;
  readonly staging: FleetStaging;
  /** What does not go on by itself: the worst first, at most `maxAlerts`. */
  readonly alerts: readonly FleetAlert[];
  readonly alertsTotal: number;
}

export interface LifeCycleCount {
  readonly state: LifeCycleState;
  readonly servers: number;
}

export interface ReplicationCount {
  readonly state: DataReplicationState;
  readonly servers: number;
}

/** Data at risk: the age of the newest durable state. Absent: no server has one. */
export interface FleetLag {
  /** Median of the servers, now. */
  readonly typicalMs?: number | undefined;
  readonly worstMs?: number | undefined;
  readonly worstSourceServerID?: string | undefined;
  readonly worstName?: string | undefined;
  /** Measured of all servers in the last 24 hours; at most a minute old. */
  readonly dayMeanMs?: number | undefined;
  readonly dayWorstMs?: number | undefined;
}

/** From the call to the end of the job, of launches among the last 100 jobs that worked for every server. */
export interface FleetLaunches {
  readonly measured: number;
  /** Median. */
  readonly typicalMs?: number | undefined;
}

/** Of replication servers that are connected. */
export interface FleetStaging {
  /** All there are. */
  readonly replicationServers: number;
  readonly connected: number;
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** The 20 with the least room left, of their own size. */
  readonly volumes: readonly FleetVolume[];
}

export interface FleetVolume {
  readonly replicationServerID: string;
  readonly host: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** One whose journal is there: its DescribeJournal tells where the volume's space leads. */
  readonly sourceServerID?: string | undefined;
}

export type FleetAlertRank = 'ERROR' | 'WARNING';

export type FleetAlertKind =
  /** The tripwire saw files being encrypted, and nobody has acknowledged it. */
  | 'RANSOMWARE_SUSPECTED'
  | 'REPLICATION_STALLED'
  /** By the forecast: it falls behind, and will never be done. */
  | 'DOES_NOT_CONVERGE'
  | 'REPLICATION_SERVER_AWAY'
  /** Nothing can be launched. */
  | 'NO_LAUNCH_HOST'
  /** The newest proof of boot that came to a verdict. */
  | 'BOOT_PROOF_FAILED'
  /** The last preflight found what keeps a launch from working. */
  | 'PREFLIGHT_BLOCKED'
  | 'MAY_NOT_CONVERGE'
  /** Its journal runs out of space soon. */
  | 'STAGING_SPACE'
  | 'REPLICATION_PAUSED'
  | 'LAUNCH_HOST_AWAY';

export interface FleetAlert {
  readonly kind: FleetAlertKind;
  readonly rank: FleetAlertRank;
  /** Of a source server, a replication server or a launch host; empty where it is about none. */
  readonly resourceID: string;
  /** What people call it. */
  readonly name: string;
  /** Of alerts of servers. */
  readonly sourceServerID?: string | undefined;
  /** The cause in a line: an error, codes of findings, the forecast. */
  readonly detail?: string | undefined;
  readonly sinceDateTime?: string | undefined;
}

export type ServerSort = 'ADDED' | 'NAME' | 'LAG' | 'ETA' | 'LIFE_CYCLE';

export interface ListServersRequest {
  /**
   * Each word is part of the server's id, host name, fully qualified name, user-provided id or `Name` tag, in
   * any case.
   */
  readonly text?: string | undefined;
  readonly filters?: ListServersFilters | undefined;
  /** Default: ADDED, oldest first. What has no value comes last. */
  readonly sort?: ServerSort | undefined;
  readonly descending?: boolean | undefined;
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

/** What is absent or empty filters nothing. */
export interface ListServersFilters {
  readonly sourceServerIDs?: readonly string[] | undefined;
  readonly isArchived?: boolean | undefined;
  readonly lifeCycleStates?: readonly LifeCycleState[] | undefined;
  readonly replicationStates?: readonly DataReplicationState[] | undefined;
  readonly applicationIDs?: readonly string[] | undefined;
  /** Servers whose application is in one of these waves. */
  readonly waveIDs?: readonly string[] | undefined;
}

export interface ListServersResponse {
  readonly items: readonly SourceServer[];
  /** How many fit, shown or not. */
  readonly total: number;
  readonly nextToken?: string | undefined;
}
