/** The shapes of the `landfall` service that tell of what was measured of replication. */
import type { ShapeModel } from '../service-model.ts';

export const METRIC_SHAPES = {
  ListReplicationMetricsRequest: {
    type: 'structure',
    members: {
      sourceServerID: 'SourceServerID',
      metrics: 'ReplicationMetricNames',
      fromDateTime: 'ISO8601DatetimeString',
      toDateTime: 'ISO8601DatetimeString',
      maxPoints: 'MetricPointsMax',
    },
  },
  ListReplicationMetricsResponse: {
    type: 'structure',
    required: ['fromDateTime', 'toDateTime', 'pointSeconds', 'points'],
    members: {
      sourceServerID: 'Text',
      fromDateTime: 'Text',
      toDateTime: 'Text',
      pointSeconds: 'Count',
      points: 'ReplicationMetricPoints',
    },
  },
  ReplicationMetricPoint: {
    type: 'structure',
    required: ['dateTime'],
    members: {
      dateTime: 'Text',
      lagMs: 'MetricStatistics',
      throughputBytesPerSecond: 'MetricStatistics',
      backlogBytes: 'MetricStatistics',
      churnBytesPerSecond: 'MetricStatistics',
    },
  },
  MetricStatistics: {
    type: 'structure',
    required: ['samples', 'mean', 'minimum', 'maximum'],
    members: { samples: 'Count', mean: 'Quantity', minimum: 'Quantity', maximum: 'Quantity' },
  },
  ReplicationMetricPoints: { type: 'list', member: 'ReplicationMetricPoint' },
  ReplicationMetricNames: { type: 'list', member: 'ReplicationMetricName', min: 1, max: 4 },
  ReplicationMetricName: {
    type: 'string',
    enum: ['lagMs', 'throughputBytesPerSecond', 'backlogBytes', 'churnBytesPerSecond'],
  },
  MetricPointsMax: { type: 'integer', min: 1, max: 1440 },
} as const satisfies Record<string, ShapeModel>;
