/** The shapes of the `landfall` service that give disks to image tools. */
import type { ShapeModel } from '../service-model.ts';

export const IMAGE_SHAPES = {
  OpenExportRequest: {
    type: 'structure',
    required: ['sourceServerID', 'exportID', 'at'],
    members: { sourceServerID: 'SourceServerID', exportID: 'ImageTransferID', at: 'PointSelectorString' },
  },
  OpenExportResponse: {
    type: 'structure',
    required: ['recoveryPoint', 'disks'],
    members: { recoveryPoint: 'RecoveryPointItem', disks: 'NbdDisks' },
  },
  CloseExportRequest: {
    type: 'structure',
    required: ['sourceServerID', 'exportID'],
    members: { sourceServerID: 'SourceServerID', exportID: 'ImageTransferID' },
  },
  CloseExportResponse: { type: 'structure', members: {} },
  OpenSeedRequest: {
    type: 'structure',
    required: ['sourceServerID', 'seedID'],
    members: { sourceServerID: 'SourceServerID', seedID: 'ImageTransferID', renews: 'Boolean' },
  },
  OpenSeedResponse: { type: 'structure', required: ['disks'], members: { disks: 'NbdDisks' } },
  CloseSeedRequest: {
    type: 'structure',
    required: ['sourceServerID', 'seedID'],
    members: { sourceServerID: 'SourceServerID', seedID: 'ImageTransferID' },
  },
  CloseSeedResponse: { type: 'structure', members: {} },
  NbdDisk: {
    type: 'structure',
    required: ['diskID', 'deviceName', 'sizeBytes', 'nbdURI'],
    members: { diskID: 'Text', deviceName: 'Text', sizeBytes: 'Count', nbdURI: 'Text' },
  },
  NbdDisks: { type: 'list', member: 'NbdDisk' },
  ImageTransferID: { type: 'string', min: 1, max: 64, pattern: '[a-zA-Z0-9-]+' },
} as const satisfies Record<string, ShapeModel>;
