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

/** Progress of one replicated disk, bytes. */
export interface DiskReplication {
  readonly deviceName: string;
  readonly totalStorageBytes: number;
  readonly replicatedStorageBytes: number;
  readonly rescannedStorageBytes: number;
  readonly backloggedStorageBytes: number;
}
