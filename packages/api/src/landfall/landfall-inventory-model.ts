/** The shapes of the `landfall` service that put files of the inventory into a bucket, and fetch them. */

import type { OperationModel, ShapeModel } from '../service-model.ts';
import { read, write } from './landfall-operation.ts';

export const INVENTORY_OPERATIONS = {
  PutInventoryFile: { ...write('PutInventoryFile', 'ConflictException'), idempotent: true },
  GetInventoryFile: read('GetInventoryFile', 'ResourceNotFoundException'),
} as const satisfies Record<string, OperationModel>;

export const INVENTORY_SHAPES = {
  PutInventoryFileRequest: {
    type: 'structure',
    required: ['key', 'content'],
    members: { bucketName: 'S3BucketName', key: 'S3Key', content: 'InventoryFileContent' },
  },
  PutInventoryFileResponse: {
    type: 'structure',
    required: ['bucketName', 'key', 'sizeBytes'],
    members: { bucketName: 'Text', key: 'Text', sizeBytes: 'Count' },
  },
  GetInventoryFileRequest: {
    type: 'structure',
    required: ['key'],
    members: { bucketName: 'S3BucketName', key: 'S3Key' },
  },
  GetInventoryFileResponse: {
    type: 'structure',
    required: ['bucketName', 'key', 'sizeBytes', 'content'],
    members: { bucketName: 'Text', key: 'Text', sizeBytes: 'Count', content: 'Text' },
  },
  /** As much as the body of a request holds; what it is beyond ASCII and quotes counts for more there. */
  InventoryFileContent: { type: 'string', min: 1, max: 1_048_000 },
} as const satisfies Record<string, ShapeModel>;
