/** The `landfall` service in the form of `service-model.ts`, written by hand. Types: `landfall-types.ts`. */

import { MGN_MODEL } from '../mgn-model.generated.ts';
import type { OperationModel, ServiceModel, ShapeModel } from '../service-model.ts';
import { BOOT_PROOF_SHAPES } from './landfall-boot-proof-model.ts';
import { EVENT_OPERATIONS, EVENT_SHAPES } from './landfall-event-model.ts';
import { FILE_SHAPES } from './landfall-file-model.ts';
import { FLEET_OPERATIONS, FLEET_SHAPES } from './landfall-fleet-model.ts';
import { HOST_SHAPES } from './landfall-host-model.ts';
import { IDENTITY_OPERATIONS, IDENTITY_SHAPES } from './landfall-identity-model.ts';
import { IMAGE_SHAPES } from './landfall-image-model.ts';
import { INVENTORY_OPERATIONS, INVENTORY_SHAPES } from './landfall-inventory-model.ts';
import { JOURNAL_SHAPES } from './landfall-journal-model.ts';
import { LAUNCH_TEMPLATE_OPERATIONS, LAUNCH_TEMPLATE_SHAPES } from './landfall-launch-template-model.ts';
import { MACHINE_SHAPES } from './landfall-machine-model.ts';
import { METRIC_SHAPES } from './landfall-metric-model.ts';
import { read, write } from './landfall-operation.ts';
import { PREFLIGHT_SHAPES } from './landfall-preflight-model.ts';
import { PROOF_SHAPES } from './landfall-proof-model.ts';
import { RECOVERY_POINT_SHAPES } from './landfall-recovery-point-model.ts';
import { REPLICATION_SHAPES } from './landfall-replication-model.ts';
import { RETENTION_OPERATIONS, RETENTION_SHAPES } from './landfall-retention-model.ts';
import { SCRIPT_OPERATIONS, SCRIPT_SHAPES } from './landfall-script-model.ts';
import { TRIPWIRE_SHAPES } from './landfall-tripwire-model.ts';
import { WEBHOOK_OPERATIONS, WEBHOOK_SHAPES } from './landfall-webhook-model.ts';

/** Four-digit years; whether the day exists is for `parseIsoDateTime`. */
const ISO_TIME_PATTERN =
  '[1-9][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?Z';

const OPERATIONS = {
  CreateEnrolmentToken: write('CreateEnrolmentToken', 'ServiceQuotaExceededException'),
  ListEnrolmentTokens: read('ListEnrolmentTokens'),
  RevokeEnrolmentToken: { ...write('RevokeEnrolmentToken', 'ResourceNotFoundException'), idempotent: true },
  ListRecoveryPoints: read('ListRecoveryPoints', 'ResourceNotFoundException'),
  PinRecoveryPoint: {
    ...write('PinRecoveryPoint', 'ConflictException', 'ResourceNotFoundException'),
    idempotent: true,
  },
  UnpinRecoveryPoint: {
    ...write('UnpinRecoveryPoint', 'ConflictException', 'ResourceNotFoundException'),
    idempotent: true,
  },
  LockRecoveryPoint: {
    ...write('LockRecoveryPoint', 'ConflictException', 'ResourceNotFoundException'),
    idempotent: true,
  },
  ListRecoveryPointFiles: read('ListRecoveryPointFiles', 'ConflictException', 'ResourceNotFoundException'),
  GetRecoveryPointFile: read('GetRecoveryPointFile', 'ConflictException', 'ResourceNotFoundException'),
  OpenExport: {
    ...write('OpenExport', 'ConflictException', 'ResourceNotFoundException'),
    idempotent: true,
  },
  CloseExport: {
    ...write('CloseExport', 'ConflictException', 'ResourceNotFoundException'),
    idempotent: true,
  },
  OpenSeed: { ...write('OpenSeed', 'ConflictException', 'ResourceNotFoundException'), idempotent: true },
  CloseSeed: write('CloseSeed', 'ConflictException', 'ResourceNotFoundException'),
  StartLaunch: {
    ...write(
      'StartLaunch',
      'ConflictException',
      'ResourceNotFoundException',
      'UninitializedAccountException',
    ),
    status: 202,
  },
  DescribeLaunchedMachines: read('DescribeLaunchedMachines'),
  HydrateMachine: {
    ...write('HydrateMachine', 'ConflictException', 'ResourceNotFoundException'),
    idempotent: true,
  },
  GetConsoleOutput: read('GetConsoleOutput', 'ResourceNotFoundException'),
  GetConsoleScreenshot: read('GetConsoleScreenshot', 'ConflictException', 'ResourceNotFoundException'),
  DescribeReplication: read('DescribeReplication', 'ResourceNotFoundException'),
  ListReplicationMetrics: read('ListReplicationMetrics', 'ResourceNotFoundException'),
  SetDiskReplication: {
    ...write('SetDiskReplication', 'ConflictException', 'ResourceNotFoundException'),
    idempotent: true,
  },
  AcknowledgeTripwire: {
    ...write('AcknowledgeTripwire', 'ConflictException', 'ResourceNotFoundException'),
    idempotent: true,
  },
  DescribeForecast: read('DescribeForecast', 'ResourceNotFoundException'),
  UpdateReplicationLimits: {
    ...write('UpdateReplicationLimits', 'ConflictException', 'ResourceNotFoundException'),
    idempotent: true,
  },
  StartProof: { ...write('StartProof', 'ConflictException', 'ResourceNotFoundException'), idempotent: true },
  ListProofs: read('ListProofs', 'ResourceNotFoundException'),
  GetProof: read('GetProof', 'ResourceNotFoundException'),
  UpdateProofSchedule: { ...write('UpdateProofSchedule', 'ResourceNotFoundException'), idempotent: true },
  StartBootProof: {
    ...write('StartBootProof', 'ConflictException', 'ResourceNotFoundException'),
    idempotent: true,
  },
  ListBootProofs: read('ListBootProofs', 'ResourceNotFoundException'),
  DescribeBootProof: read('DescribeBootProof', 'ResourceNotFoundException'),
  GetBootProofSchedule: read('GetBootProofSchedule', 'ResourceNotFoundException'),
  PutBootProofSchedule: { ...write('PutBootProofSchedule', 'ResourceNotFoundException'), idempotent: true },
  DescribeJournal: read('DescribeJournal', 'ConflictException', 'ResourceNotFoundException'),
  UpdateJournalLimit: { ...write('UpdateJournalLimit', 'ResourceNotFoundException'), idempotent: true },
  StartJournalTask: {
    ...write('StartJournalTask', 'ConflictException', 'ResourceNotFoundException'),
    idempotent: true,
  },
  DescribeJournalTask: read('DescribeJournalTask', 'ConflictException', 'ResourceNotFoundException'),
  StartPreflight: {
    ...write('StartPreflight', 'ConflictException', 'ResourceNotFoundException'),
    idempotent: true,
  },
  DescribePreflight: read('DescribePreflight', 'ResourceNotFoundException'),
  ...FLEET_OPERATIONS,
  ...INVENTORY_OPERATIONS,
  ...LAUNCH_TEMPLATE_OPERATIONS,
  ...RETENTION_OPERATIONS,
  ...SCRIPT_OPERATIONS,
  DescribeService: read('DescribeService'),
  ...IDENTITY_OPERATIONS,
  ...EVENT_OPERATIONS,
  ...WEBHOOK_OPERATIONS,
} as const satisfies Record<string, OperationModel>;

const REQUESTS = {
  CreateEnrolmentTokenRequest: {
    type: 'structure',
    members: {
      role: 'EnrolmentRole',
      expiresInSeconds: 'TokenLifetimeSeconds',
      usesMax: 'TokenUses',
      tags: 'TagsMap',
    },
  },
  ListEnrolmentTokensRequest: {
    type: 'structure',
    members: { maxResults: 'MaxResultsType', nextToken: 'PaginationToken' },
  },
  RevokeEnrolmentTokenRequest: {
    type: 'structure',
    required: ['tokenID'],
    members: { tokenID: 'EnrolmentTokenID' },
  },
  ListRecoveryPointsRequest: {
    type: 'structure',
    required: ['sourceServerID'],
    members: {
      sourceServerID: 'SourceServerID',
      fromDateTime: 'ISO8601DatetimeString',
      toDateTime: 'ISO8601DatetimeString',
      marked: 'Boolean',
      maxResults: 'MaxResultsType',
    },
  },
  StartLaunchRequest: {
    type: 'structure',
    required: ['sourceServerID', 'purpose'],
    members: {
      sourceServerID: 'SourceServerID',
      purpose: 'LaunchPurpose',
      at: 'PointSelectorString',
      unproved: 'Boolean',
    },
  },
  DescribeServiceRequest: { type: 'structure', members: {} },
} as const satisfies Record<string, ShapeModel>;

const RESPONSES = {
  CreateEnrolmentTokenResponse: {
    type: 'structure',
    required: ['tokenID', 'token', 'installCommand', 'expiresDateTime'],
    members: { tokenID: 'Text', token: 'Text', installCommand: 'Text', expiresDateTime: 'Text' },
  },
  ListEnrolmentTokensResponse: {
    type: 'structure',
    required: ['items'],
    members: { items: 'EnrolmentTokens', nextToken: 'PaginationToken' },
  },
  RevokeEnrolmentTokenResponse: { type: 'structure', members: {} },
  ListRecoveryPointsResponse: {
    type: 'structure',
    required: ['items', 'total'],
    members: {
      items: 'RecoveryPointItems',
      total: 'Count',
      oldestDateTime: 'Text',
      newestDateTime: 'Text',
    },
  },
  StartLaunchResponse: { type: 'structure', required: ['job'], members: { job: 'Job' } },
  DescribeServiceResponse: {
    type: 'structure',
    required: ['version', 'replicationServers', 'launchHosts'],
    members: {
      version: 'Text',
      replicationServers: 'ReplicationServerItems',
      launchHosts: 'LaunchHostItems',
    },
  },
} as const satisfies Record<string, ShapeModel>;

const STRUCTURES = {
  EnrolmentToken: {
    type: 'structure',
    required: ['tokenID', 'role', 'state', 'createdDateTime', 'expiresDateTime', 'usesMax', 'uses', 'tags'],
    members: {
      tokenID: 'Text',
      role: 'EnrolmentRole',
      state: 'EnrolmentTokenState',
      createdDateTime: 'Text',
      expiresDateTime: 'Text',
      usesMax: 'Count',
      uses: 'Count',
      tags: 'TagsMap',
    },
  },
  Hydration: {
    type: 'structure',
    required: ['state', 'doneBytes', 'totalBytes'],
    members: {
      state: 'HydrationState',
      doneBytes: 'Count',
      totalBytes: 'Count',
      bytesPerSecondMax: 'Count',
    },
  },
  ReplicationServerItem: {
    type: 'structure',
    required: ['replicationServerID', 'connected'],
    members: {
      replicationServerID: 'Text',
      connected: 'Boolean',
      version: 'Text',
      host: 'Text',
      port: 'Count',
      stagingTotalBytes: 'Count',
      stagingFreeBytes: 'Count',
      lastSeenDateTime: 'Text',
    },
  },
} as const satisfies Record<string, ShapeModel>;

const LISTS = {
  EnrolmentTokens: { type: 'list', member: 'EnrolmentToken' },
  RecoveryPointItems: { type: 'list', member: 'RecoveryPointItem' },
  ReplicationServerItems: { type: 'list', member: 'ReplicationServerItem' },
} as const satisfies Record<string, ShapeModel>;

const SCALARS = {
  Text: { type: 'string' },
  Count: { type: 'long', min: 0 },
  Quantity: { type: 'float', min: 0 },
  EnrolmentRole: { type: 'string', enum: ['agent', 'replication-server', 'launch-host'] },
  EnrolmentTokenState: { type: 'string', enum: ['ACTIVE', 'USED_UP', 'EXPIRED', 'REVOKED'] },
  EnrolmentTokenID: { type: 'string', min: 1, max: 64, pattern: '[a-zA-Z0-9-]+' },
  TokenLifetimeSeconds: { type: 'integer', min: 60, max: 31_536_000 },
  TokenUses: { type: 'integer', min: 1, max: 10_000 },
  RecoveryPointConsistency: { type: 'string', enum: ['CRASH_CONSISTENT', 'SCANNED'] },
  LaunchPurpose: { type: 'string', enum: ['TEST', 'CUTOVER'] },
  PointSelectorString: {
    type: 'string',
    min: 6,
    max: 40,
    pattern: `LATEST|VERIFIED|epoch:[0-9]{1,15}|${ISO_TIME_PATTERN}`,
  },
  MachineID: { type: 'string', min: 10, max: 64, pattern: 'i-[0-9a-fA-F]{8,}' },
  ConsoleTailBytes: { type: 'integer', min: 1, max: 1_048_576 },
  HydrationState: { type: 'string', enum: ['NOT_STARTED', 'RUNNING', 'COMPLETE', 'FAILED'] },
  PostLaunchState: {
    type: 'string',
    enum: ['PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'NOT_RUN'],
  },
  ExitCode: { type: 'integer' },
} as const satisfies Record<string, ShapeModel>;

/**
 * Its own shapes only; `LANDFALL_MODEL` adds the words it shares with `mgn` (Job, TagsMap, SourceServerID …).
 */
export const LANDFALL_SHAPES = {
  ...REQUESTS,
  ...RESPONSES,
  ...STRUCTURES,
  ...LISTS,
  ...SCALARS,
  ...REPLICATION_SHAPES,
  ...HOST_SHAPES,
  ...JOURNAL_SHAPES,
  ...LAUNCH_TEMPLATE_SHAPES,
  ...PREFLIGHT_SHAPES,
  ...PROOF_SHAPES,
  ...BOOT_PROOF_SHAPES,
  ...MACHINE_SHAPES,
  ...METRIC_SHAPES,
  ...RECOVERY_POINT_SHAPES,
  ...RETENTION_SHAPES,
  ...EVENT_SHAPES,
  ...FILE_SHAPES,
  ...FLEET_SHAPES,
  ...IMAGE_SHAPES,
  ...INVENTORY_SHAPES,
  ...SCRIPT_SHAPES,
  ...TRIPWIRE_SHAPES,
  ...IDENTITY_SHAPES,
  ...WEBHOOK_SHAPES,
};

export const LANDFALL_MODEL: ServiceModel = {
  operations: OPERATIONS,
  shapes: { ...MGN_MODEL.shapes, ...LANDFALL_SHAPES },
};
