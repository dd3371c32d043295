/**
 * Inputs and outputs of the `landfall` service: what the public MGN API cannot express. Same wire form
 * (restJson1, SigV4 with service name `landfall`), always `POST /landfall/<Operation>`. The limits are in
 * `landfall-model.ts`; a type test proves that the two agree. Dates are ISO 8601 strings in UTC ending in
 * `Z`; what is not known is absent.
 */

import type { Job } from '../mgn-types.generated.ts';
import type { BootProofOperations } from './landfall-boot-proof-types.ts';
import type { EventOperations } from './landfall-event-types.ts';
import type { FileOperations } from './landfall-file-types.ts';
import type { FleetOperations } from './landfall-fleet-types.ts';
import type { LaunchHostItem } from './landfall-host-types.ts';
import type { IdentityOperations } from './landfall-identity-types.ts';
import type { ImageOperations } from './landfall-image-types.ts';
import type { InventoryOperations } from './landfall-inventory-types.ts';
import type { JournalOperations } from './landfall-journal-types.ts';
import type { LaunchTemplateOperations } from './landfall-launch-template-types.ts';
import type { MetricOperations } from './landfall-metric-types.ts';
import type { PreflightOperations } from './landfall-preflight-types.ts';
import type { ProofOperations } from './landfall-proof-types.ts';
import type {
  RecoveryPointConsistency,
  RecoveryPointItem,
  RecoveryPointOperations,
} from './landfall-recovery-point-types.ts';
import type {
  DescribeForecastRequest,
  DescribeForecastResponse,
  DescribeReplicationRequest,
  DescribeReplicationResponse,
  SetDiskReplicationRequest,
  SetDiskReplicationResponse,
  UpdateReplicationLimitsRequest,
  UpdateReplicationLimitsResponse,
} from './landfall-replication-types.ts';
import type { RetentionOperations } from './landfall-retention-types.ts';
import type { ScriptOperations } from './landfall-script-types.ts';
import type { TripwireOperations } from './landfall-tripwire-types.ts';
import type { WebhookOperations } from './landfall-webhook-types.ts';

export type * from './landfall-boot-proof-types.ts';
export type * from './landfall-event-types.ts';
export type * from './landfall-file-types.ts';
export type * from './landfall-fleet-types.ts';
export type * from './landfall-host-types.ts';
export type * from './landfall-identity-types.ts';
export type * from './landfall-image-types.ts';
export type * from './landfall-inventory-types.ts';
export type * from './landfall-journal-types.ts';
export type * from './landfall-launch-template-types.ts';
export type * from './landfall-metric-types.ts';
export type * from './landfall-preflight-types.ts';
export type * from './landfall-proof-types.ts';
export type * from './landfall-recovery-point-types.ts';
export type * from './landfall-replication-types.ts';
export type * from './landfall-retention-types.ts';
export type * from './landfall-script-types.ts';
export type * from './landfall-tripwire-types.ts';
export type * from './landfall-webhook-types.ts';

export interface LandfallOperations
  extends BootProofOperations,
    EventOperations,
    FileOperations,
    FleetOperations,
    IdentityOperations,
    ImageOperations,
    InventoryOperations,
    JournalOperations,
    LaunchTemplateOperations,
    MetricOperations,
    PreflightOperations,
    ProofOperations,
    RecoveryPointOperations,
    RetentionOperations,
    ScriptOperations,
    TripwireOperations,
    WebhookOperations {
  readonly CreateEnrolmentToken: {
    readonly input: CreateEnrolmentTokenRequest;
    readonly output: CreateEnrolmentTokenResponse;
  };
  readonly ListEnrolmentTokens: {
    readonly input: ListEnrolmentTokensRequest;
    readonly output: ListEnrolmentTokensResponse;
  };
  readonly RevokeEnrolmentToken: {
    readonly input: RevokeEnrolmentTokenRequest;
    readonly output: Record<string, never>;
  };
  readonly ListRecoveryPoints: {
    readonly input: ListRecoveryPointsRequest;
    readonly output: ListRecoveryPointsResponse;
  };
  readonly StartLaunch: { readonly input: StartLaunchRequest; readonly output: StartLaunchResponse };
  readonly DescribeLaunchedMachines: {
    readonly input: DescribeLaunchedMachinesRequest;
    readonly output: DescribeLaunchedMachinesResponse;
  };
  readonly HydrateMachine: {
    readonly input: HydrateMachineRequest;
    readonly output: HydrateMachineResponse;
  };
  readonly GetConsoleOutput: {
    readonly input: GetConsoleOutputRequest;
    readonly output: GetConsoleOutputResponse;
  };
  readonly GetConsoleScreenshot: {
    readonly input: GetConsoleScreenshotRequest;
    readonly output: GetConsoleScreenshotResponse;
  };
  readonly DescribeReplication: {
    readonly input: DescribeReplicationRequest;
    readonly output: DescribeReplicationResponse;
  };
  readonly SetDiskReplication: {
    readonly input: SetDiskReplicationRequest;
    readonly output: SetDiskReplicationResponse;
  };
  readonly DescribeForecast: {
    readonly input: DescribeForecastRequest;
    readonly output: DescribeForecastResponse;
  };
  readonly UpdateReplicationLimits: {
    readonly input: UpdateReplicationLimitsRequest;
    readonly output: UpdateReplicationLimitsResponse;
  };
  readonly DescribeService: {
    readonly input: Record<string, never>;
    readonly output: DescribeServiceResponse;
  };
}

// --- enrolment tokens --------------------------------------------------------------------------------------

export type EnrolmentRole = 'agent' | 'replication-server' | 'launch-host';

export interface CreateEnrolmentTokenRequest {
  /** Default: agent. */
  readonly role?: EnrolmentRole | undefined;
  readonly expiresInSeconds?: number | undefined;
  /** How many programs may enrol with it. */
  readonly usesMax?: number | undefined;
  /** Put on every server that enrols with it. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

export interface CreateEnrolmentTokenResponse {
  readonly tokenID: string;
  /** The secret; shown this once. */
  readonly token: string;
  /** One line for a root shell on the source server. */
  readonly installCommand: string;
  readonly expiresDateTime: string;
}

export interface ListEnrolmentTokensRequest {
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

export interface ListEnrolmentTokensResponse {
  readonly items: readonly EnrolmentToken[];
  readonly nextToken?: string | undefined;
}

export type EnrolmentTokenState = 'ACTIVE' | 'USED_UP' | 'EXPIRED' | 'REVOKED';

export interface EnrolmentToken {
  readonly tokenID: string;
  readonly role: EnrolmentRole;
  readonly state: EnrolmentTokenState;
  readonly createdDateTime: string;
  readonly expiresDateTime: string;
  readonly usesMax: number;
  readonly uses: number;
  readonly tags: Readonly<Record<string, string>>;
}

export interface RevokeEnrolmentTokenRequest {
  readonly tokenID: string;
}

// --- recovery points ---------------------------------------------------------------------------------------

export interface ListRecoveryPointsRequest {
  readonly sourceServerID: string;
  readonly fromDateTime?: string | undefined;
  readonly toDateTime?: string | undefined;
  /** Only those with a name or a lock. */
  readonly marked?: boolean | undefined;
  readonly maxResults?: number | undefined;
}

export interface ListRecoveryPointsResponse {
  /** Newest first, at most `maxResults`. */
  readonly items: readonly RecoveryPointItem[];
  /** How many there are in the range, shown or not. */
  readonly total: number;
  readonly oldestDateTime?: string | undefined;
  readonly newestDateTime?: string | undefined;
}

// --- launches ----------------------------------------------------------------------------------------------

export type LaunchPurpose = 'TEST' | 'CUTOVER';

export interface StartLaunchRequest {
  readonly sourceServerID: string;
  readonly purpose: LaunchPurpose;
  /** `LATEST` (the default), `VERIFIED`, an ISO time (the last point at or before it), or `epoch:N`. */
  readonly at?: string | undefined;
  /** A cutover without a proof of boot before it, whatever the schedule says. */
  readonly unproved?: boolean | undefined;
}

export interface StartLaunchResponse {
  readonly job: Job;
}

/** Newest first. */
export interface DescribeLaunchedMachinesRequest {
  readonly sourceServerIDs?: readonly string[] | undefined;
  readonly machineIDs?: readonly string[] | undefined;
  /** Only those that are in one of these now. */
  readonly phases?: readonly LaunchedMachinePhase[] | undefined;
  /** Absent: all there are. */
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

export interface DescribeLaunchedMachinesResponse {
  readonly items: readonly LaunchedMachine[];
  readonly nextToken?: string | undefined;
}

export type LaunchedMachinePhase =
  | 'CONVERTING'
  | 'CONVERTED'
  | 'STARTING'
  | 'RUNNING'
  | 'STOPPED'
  | 'FAILED'
  | 'TERMINATED';

export interface LaunchedMachine {
  readonly machineID: string;
  readonly sourceServerID: string;
  readonly jobID: string;
  readonly purpose: LaunchPurpose;
  readonly phase: LaunchedMachinePhase;
  readonly recoveryPoint: LaunchedMachineRecoveryPoint;
  /** Where ports of the machine can be reached. */
  readonly published: readonly PublishedPort[];
  readonly hydration: Hydration;
  readonly conversion: readonly ConversionStep[];
  readonly startedDateTime?: string | undefined;
  readonly error?: LaunchedMachineError | undefined;
  /** Of the catalogue of machine sizes. */
  readonly instanceType?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly postLaunch?: readonly PostLaunchResult[] | undefined;
}

export type PostLaunchState = 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'NOT_RUN';

/** What became of a post-launch script; which action it belongs to says the job's `executionID`. */
export interface PostLaunchResult {
  readonly actionID: string;
  readonly state: PostLaunchState;
  readonly exitCode?: number | undefined;
  /** The last 16 KiB of both streams. */
  readonly output: string;
  readonly startedDateTime?: string | undefined;
  readonly endedDateTime?: string | undefined;
}

export interface LaunchedMachineRecoveryPoint {
  readonly epoch: number;
  readonly cutDateTime: string;
  /** Absent of machines launched by older releases. */
  readonly consistency?: RecoveryPointConsistency | undefined;
}

export interface PublishedPort {
  readonly guestPort: number;
  readonly host: string;
  readonly port: number;
}

export type HydrationState = 'NOT_STARTED' | 'RUNNING' | 'COMPLETE' | 'FAILED';

/** Filling in of the machine's own disks; once `COMPLETE` it depends on nothing of ours. */
export interface Hydration {
  readonly state: HydrationState;
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** For all disks of the machine together; absent: as fast as it goes. */
  readonly bytesPerSecondMax?: number | undefined;
}

/** Begins to fill in the machine's own disks, or changes how fast that goes. */
export interface HydrateMachineRequest {
  readonly machineID: string;
  /** From 65536, for all disks together; 0: as fast as it goes; absent: the limit it has. */
  readonly bytesPerSecondMax?: number | undefined;
}

export interface HydrateMachineResponse {
  readonly machine: LaunchedMachine;
}

export interface ConversionStep {
  readonly step: string;
  readonly detail: string;
  readonly durationMs: number;
}

export interface LaunchedMachineError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

export interface GetConsoleOutputRequest {
  readonly machineID: string;
  readonly tailBytes?: number | undefined;
}

export interface GetConsoleOutputResponse {
  readonly text: string;
}

export interface GetConsoleScreenshotRequest {
  readonly machineID: string;
}

export interface GetConsoleScreenshotResponse {
  readonly pngBase64: string;
}

// --- the service itself ----------------------------------------------------------------------------------

export interface DescribeServiceResponse {
  readonly version: string;
  readonly replicationServers: readonly ReplicationServerItem[];
  readonly launchHosts: readonly LaunchHostItem[];
}

export interface ReplicationServerItem {
  readonly replicationServerID: string;
  readonly connected: boolean;
  readonly version?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly stagingTotalBytes?: number | undefined;
  readonly stagingFreeBytes?: number | undefined;
  readonly lastSeenDateTime?: string | undefined;
}
