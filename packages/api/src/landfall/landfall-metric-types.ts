/** What was measured of replication, in the `landfall` service. */

export interface MetricOperations {
  readonly ListReplicationMetrics: {
    readonly input: ListReplicationMetricsRequest;
    readonly output: ListReplicationMetricsResponse;
  };
}

/** The finer ones are kept for a shorter time: 10 s for an hour, 1 min for a day, 15 min for 30 days. */
export interface ListReplicationMetricsRequest {
  /** Absent: all servers together, where each report of one is a sample. */
  readonly sourceServerID?: string | undefined;
  /** Absent: all. */
  readonly metrics?: readonly ReplicationMetricName[] | undefined;
  /** Points that begin from then on; absent: an hour before the end. */
  readonly fromDateTime?: string | undefined;
  /** Absent: now. */
  readonly toDateTime?: string | undefined;
  /** From 1 to 1440; absent: 360. What is finer is put together. */
  readonly maxPoints?: number | undefined;
}

export interface ListReplicationMetricsResponse {
  readonly sourceServerID?: string | undefined;
  /** The beginning of the first point. */
  readonly fromDateTime: string;
  readonly toDateTime: string;
  /** How long a point is. */
  readonly pointSeconds: number;
  /** Oldest first; a time in which nothing was measured has none. */
  readonly points: readonly ReplicationMetricPoint[];
}

export type ReplicationMetricName =
  | 'lagMs'
  | 'throughputBytesPerSecond'
  | 'backlogBytes'
  | 'churnBytesPerSecond';

export interface ReplicationMetricPoint {
  /** Its beginning. */
  readonly dateTime: string;
  /** Age of the newest durable state of the source. */
  readonly lagMs?: MetricStatistics | undefined;
  /** What the agent sent to its replication server. */
  readonly throughputBytesPerSecond?: MetricStatistics | undefined;
  /** What the replica does not have yet. */
  readonly backlogBytes?: MetricStatistics | undefined;
  /** Distinct bytes changed a second, while something is transferred. */
  readonly churnBytesPerSecond?: MetricStatistics | undefined;
}

/** Of the reports that came in the time of a point; in the unit that the name of the metric says. */
export interface MetricStatistics {
  readonly samples: number;
  readonly mean: number;
  readonly minimum: number;
  readonly maximum: number;
}
