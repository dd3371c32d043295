/** The shapes of the `landfall` service that are about journals. */
import type { ShapeModel } from '../service-model.ts';

const OPERATIONS = {
  DescribeJournalRequest: {
    type: 'structure',
    required: ['sourceServerID'],
    members: { sourceServerID: 'SourceServerID' },
  },
  DescribeJournalResponse: {
    type: 'structure',
    required: ['sourceServerID', 'forecast', 'volume'],
    members: {
      sourceServerID: 'SourceServerID',
      space: 'JournalSpace',
      measuring: 'JournalMeasuring',
      limitBytes: 'Count',
      forecast: 'SpaceForecast',
      volume: 'StagingVolume',
      warning: 'Text',
    },
  },
  UpdateJournalLimitRequest: {
    type: 'structure',
    required: ['sourceServerID'],
    members: { sourceServerID: 'SourceServerID', limitBytes: 'JournalLimitBytes' },
  },
  UpdateJournalLimitResponse: { type: 'structure', members: { limitBytes: 'Count' } },
  StartJournalTaskRequest: {
    type: 'structure',
    required: ['sourceServerID', 'task'],
    members: { sourceServerID: 'SourceServerID', task: 'JournalTaskName' },
  },
  StartJournalTaskResponse: { type: 'structure', required: ['task'], members: { task: 'JournalTask' } },
  DescribeJournalTaskRequest: {
    type: 'structure',
    required: ['sourceServerID', 'task'],
    members: { sourceServerID: 'SourceServerID', task: 'JournalTaskName' },
  },
  DescribeJournalTaskResponse: { type: 'structure', members: { task: 'JournalTask' } },
} as const satisfies Record<string, ShapeModel>;

const STRUCTURES = {
  JournalMeasuring: {
    type: 'structure',
    required: ['records', 'recordsTotal'],
    members: { records: 'Count', recordsTotal: 'Count' },
  },
  JournalSpace: {
    type: 'structure',
    required: [
      ...(['measuredDateTime', 'totalBytes', 'baseBytes', 'tableBytes', 'newestBytes', 'tiers'] as const),
      ...(['marked', 'passing', 'reclaimableBytes', 'heldBytes', 'openBytes', 'otherBytes'] as const),
      ...(['historyMs', 'diskBytes'] as const),
    ],
    members: {
      measuredDateTime: 'Text',
      totalBytes: 'Count',
      baseBytes: 'Count',
      tableBytes: 'Count',
      newestBytes: 'Count',
      tiers: 'JournalTiers',
      marked: 'JournalMarkedSpace',
      passing: 'JournalPassingSpace',
      reclaimableBytes: 'Count',
      heldBytes: 'Count',
      openBytes: 'Count',
      otherBytes: 'Count',
      historyMs: 'Count',
      diskBytes: 'Count',
    },
  },
  JournalTier: {
    type: 'structure',
    required: ['everyMs', 'forMs', 'points', 'bytes', 'costBytes'],
    members: { everyMs: 'Count', forMs: 'Count', points: 'Count', bytes: 'Count', costBytes: 'Count' },
  },
  JournalMarkedSpace: {
    type: 'structure',
    required: ['points', 'bytes', 'costBytes'],
    members: { points: 'Count', bytes: 'Count', costBytes: 'Count' },
  },
  JournalPassingSpace: {
    type: 'structure',
    required: ['points', 'bytes'],
    members: { points: 'Count', bytes: 'Count' },
  },
  StagingVolume: {
    type: 'structure',
    required: ['totalBytes', 'freeBytes', 'forecast'],
    members: { totalBytes: 'Count', freeBytes: 'Count', forecast: 'SpaceForecast' },
  },
  SpaceForecast: {
    type: 'structure',
    required: ['verdict', 'measuredMs', 'roomBytes', 'explanation'],
    members: {
      verdict: 'SpaceVerdict',
      measuredMs: 'Count',
      neededMs: 'Count',
      growthBytesPerDay: 'Difference',
      roomBytes: 'Difference',
      earliestMs: 'Count',
      likelyMs: 'Count',
      latestMs: 'Count',
      boundBytes: 'Count',
      explanation: 'Text',
    },
  },
  JournalTask: {
    type: 'structure',
    required: [
      ...(['task', 'state', 'startedDateTime', 'bytesDone', 'bytesTotal', 'damageCount'] as const),
      ...(['damages', 'bytesBefore', 'bytesNow', 'droppedPoints'] as const),
    ],
    members: {
      task: 'JournalTaskName',
      state: 'JournalTaskState',
      startedDateTime: 'Text',
      endedDateTime: 'Text',
      bytesDone: 'Count',
      bytesTotal: 'Count',
      damageCount: 'Count',
      damages: 'JournalDamages',
      bytesBefore: 'Count',
      bytesNow: 'Count',
      droppedPoints: 'Count',
      reason: 'Text',
    },
  },
} as const satisfies Record<string, ShapeModel>;

export const JOURNAL_SHAPES = {
  ...OPERATIONS,
  ...STRUCTURES,
  JournalTiers: { type: 'list', member: 'JournalTier' },
  JournalLimitBytes: { type: 'long', min: 1_048_576 },
  JournalTaskName: { type: 'string', enum: ['VERIFY', 'SCRUB', 'COMPACT'] },
  JournalTaskState: { type: 'string', enum: ['RUNNING', 'COMPLETE', 'FAILED'] },
  SpaceVerdict: {
    type: 'string',
    enum: ['NOT_KNOWN', 'STAYS_BELOW', 'NOT_GROWING', 'FILLS', 'NOT_SOON'],
  },
  Difference: { type: 'long' },
} as const satisfies Record<string, ShapeModel>;
