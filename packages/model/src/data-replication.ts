/** Data replication of a source server. Names: public MGN API. */
export const DATA_REPLICATION_STATES = [
  'STOPPED',
  'INITIATING',
  'INITIAL_SYNC',
  'BACKLOG',
  'CREATING_SNAPSHOT',
  'CONTINUOUS',
  'PAUSED',
  'RESCAN',
  'STALLED',
  'DISCONNECTED',
] as const;
export type DataReplicationState = (typeof DATA_REPLICATION_STATES)[number];

/** Initiation steps in their order. */
export const INITIATION_STEPS = [
  'WAIT',
  'CREATE_SECURITY_GROUP',
  'LAUNCH_REPLICATION_SERVER',
  'BOOT_REPLICATION_SERVER',
  'AUTHENTICATE_WITH_SERVICE',
  'DOWNLOAD_REPLICATION_SOFTWARE',
  'CREATE_STAGING_DISKS',
  'ATTACH_STAGING_DISKS',
  'PAIR_REPLICATION_SERVER_WITH_AGENT',
  'CONNECT_AGENT_TO_REPLICATION_SERVER',
  'START_DATA_TRANSFER',
] as const;
export type InitiationStepName = (typeof INITIATION_STEPS)[number];
export type InitiationStepStatus = 'NOT_STARTED' | 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' | 'SKIPPED';

export const DATA_REPLICATION_ERRORS = [
  'AGENT_NOT_SEEN',
  'SNAPSHOTS_FAILURE',
  'NOT_CONVERGING',
  'UNSTABLE_NETWORK',
  'FAILED_TO_CREATE_SECURITY_GROUP',
  'FAILED_TO_LAUNCH_REPLICATION_SERVER',
  'FAILED_TO_BOOT_REPLICATION_SERVER',
  'FAILED_TO_AUTHENTICATE_WITH_SERVICE',
  'FAILED_TO_DOWNLOAD_REPLICATION_SOFTWARE',
  'FAILED_TO_CREATE_STAGING_DISKS',
  'FAILED_TO_ATTACH_STAGING_DISKS',
  'FAILED_TO_PAIR_REPLICATION_SERVER_WITH_AGENT',
  'FAILED_TO_CONNECT_AGENT_TO_REPLICATION_SERVER',
  'FAILED_TO_START_DATA_TRANSFER',
  'UNSUPPORTED_VM_CONFIGURATION',
  'LAST_SNAPSHOT_JOB_FAILED',
] as const;
export type DataReplicationErrorString = (typeof DATA_REPLICATION_ERRORS)[number];

/**
 * How an agent learns what changed. TRACKING: from the kernel's block events; its points are cuts. SCAN: by
 * reading the disks again and again; its points are none unless nothing was written meanwhile.
 */
export const CAPTURE_MODES = ['TRACKING', 'SCAN'] as const;
export type CaptureMode = (typeof CAPTURE_MODES)[number];

export interface CaptureFacts {
  readonly mode: CaptureMode;
  /** Why it is not TRACKING. */
  readonly reason?: string;
  /** SCAN: how long the last pass over all disks took; a point is at least that old. */
  readonly passDurationMs?: number;
  /** What limits replication and is no fault of it, each a sentence. */
  readonly warnings: readonly string[];
}

/** What can happen to a disk of a running source server. */
export const DISK_CHANGE_KINDS = [
  'ADDED',
  'GROWN',
  'SHRUNK',
  'RENAMED',
  'VANISHED',
  'RETURNED',
  'EXCLUDED',
  'INCLUDED',
] as const;

export interface DiskChange {
  /** Wall clock of the source server. */
  readonly atMs: number;
  readonly kind: (typeof DISK_CHANGE_KINDS)[number];
  readonly diskId: string;
  readonly deviceName: string;
  readonly sizeBytes: number;
  readonly previousSizeBytes: number;
}

/** Progress of one replicated disk, bytes. */
export interface DiskReplication {
  readonly deviceName: string;
  readonly totalStorageBytes: number;
  readonly replicatedStorageBytes: number;
  readonly rescannedStorageBytes: number;
  readonly backloggedStorageBytes: number;
}
