/** The part of the `landfall` service that is about which recovery points are kept. */
import { RETENTION_FOR_MS_MAX, RETENTION_FOR_MS_MIN, RETENTION_TIERS_MAX } from '@landfall/model';
import type { OperationModel, ShapeModel } from '../service-model.ts';
import { read, write } from './landfall-operation.ts';

export const RETENTION_OPERATIONS = {
  GetRetention: read('GetRetention', 'ResourceNotFoundException'),
  PutRetention: {
    ...write('PutRetention', 'ConflictException', 'ResourceNotFoundException'),
    idempotent: true,
  },
  PreviewRetention: read('PreviewRetention', 'ResourceNotFoundException'),
} as const satisfies Record<string, OperationModel>;

const RETENTION = {
  type: 'structure',
  required: ['origin', 'tiers', 'revision'],
  members: {
    sourceServerID: 'SourceServerID',
    origin: 'RetentionOrigin',
    tiers: 'RetentionTiersInForce',
    isApplied: 'Boolean',
    revision: 'Text',
  },
} as const satisfies ShapeModel;

const CHANGE = {
  type: 'structure',
  members: { sourceServerID: 'SourceServerID', tiers: 'RetentionTiers' },
} as const satisfies ShapeModel;

export const RETENTION_SHAPES = {
  GetRetentionRequest: { type: 'structure', members: { sourceServerID: 'SourceServerID' } },
  GetRetentionResponse: RETENTION,
  PutRetentionRequest: {
    type: 'structure',
    members: { ...CHANGE.members, expectedRevision: 'SettingsRevision' },
  },
  PutRetentionResponse: RETENTION,
  PreviewRetentionRequest: CHANGE,
  PreviewRetentionResponse: {
    type: 'structure',
    required: ['items', 'servers', 'points', 'droppedPoints', 'droppingServers', 'unansweredServerIDs'],
    members: {
      items: 'RetentionPreviewItems',
      servers: 'Count',
      points: 'Count',
      droppedPoints: 'Count',
      droppingServers: 'Count',
      unansweredServerIDs: 'UnansweredServerIDs',
    },
  },
  RetentionPreviewItem: {
    type: 'structure',
    required: ['sourceServerID', 'points', 'droppedPoints'],
    members: {
      sourceServerID: 'SourceServerID',
      points: 'Count',
      droppedPoints: 'Count',
      oldestDateTime: 'Text',
      oldestKeptDateTime: 'Text',
    },
  },
  RetentionPreviewItems: { type: 'list', member: 'RetentionPreviewItem' },
  UnansweredServerIDs: { type: 'list', member: 'SourceServerID' },
  RetentionTier: {
    type: 'structure',
    required: ['everyMs', 'forMs'],
    members: { everyMs: 'RetentionEveryMs', forMs: 'RetentionForMs' },
  },
  RetentionTiers: { type: 'list', member: 'RetentionTier', min: 1, max: RETENTION_TIERS_MAX },
  /** A file may have more of them, and shorter ones. */
  RetentionTierInForce: {
    type: 'structure',
    required: ['everyMs', 'forMs'],
    members: { everyMs: 'Count', forMs: 'Count' },
  },
  RetentionTiersInForce: { type: 'list', member: 'RetentionTierInForce' },
  RetentionEveryMs: { type: 'long', min: 0, max: RETENTION_FOR_MS_MAX },
  RetentionForMs: { type: 'long', min: RETENTION_FOR_MS_MIN, max: RETENTION_FOR_MS_MAX },
  RetentionOrigin: {
    type: 'string',
    enum: ['SERVER', 'SERVER_FILE', 'DEFAULT', 'DEFAULT_FILE', 'BUILT_IN'],
  },
} as const satisfies Record<string, ShapeModel>;
