/** The shapes of the `landfall` service that name and lock recovery points. */
import type { ShapeModel } from '../service-model.ts';

export const RECOVERY_POINT_SHAPES = {
  PinRecoveryPointRequest: {
    type: 'structure',
    required: ['sourceServerID', 'at', 'name'],
    members: { sourceServerID: 'SourceServerID', at: 'PointSelectorString', name: 'RecoveryPointName' },
  },
  PinRecoveryPointResponse: {
    type: 'structure',
    required: ['recoveryPoint'],
    members: { recoveryPoint: 'RecoveryPointItem' },
  },
  UnpinRecoveryPointRequest: {
    type: 'structure',
    required: ['sourceServerID', 'epoch'],
    members: { sourceServerID: 'SourceServerID', epoch: 'Count' },
  },
  UnpinRecoveryPointResponse: { type: 'structure', members: {} },
  LockRecoveryPointRequest: {
    type: 'structure',
    required: ['sourceServerID', 'at', 'untilDateTime'],
    members: {
      sourceServerID: 'SourceServerID',
      at: 'PointSelectorString',
      untilDateTime: 'ISO8601DatetimeString',
    },
  },
  LockRecoveryPointResponse: {
    type: 'structure',
    required: ['recoveryPoint'],
    members: { recoveryPoint: 'RecoveryPointItem' },
  },
  RecoveryPointItem: {
    type: 'structure',
    required: ['epoch', 'cutDateTime', 'consistency'],
    members: {
      epoch: 'Count',
      cutDateTime: 'Text',
      consistency: 'RecoveryPointConsistency',
      name: 'Text',
      lockedUntilDateTime: 'Text',
      verified: 'Boolean',
    },
  },
  RecoveryPointName: { type: 'string', min: 1, max: 100 },
} as const satisfies Record<string, ShapeModel>;
