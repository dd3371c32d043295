/** ListReplicationMetrics: what the control plane remembers of the agents' reports. */
import { ApiError, type Handlers, isoDateTime, type Landfall } from '@landfall/api';
import { type Aggregate, METRICS, type MetricBucket } from '../history/metric-bucket.ts';
import { ALL_SERVERS } from '../history/replication-history.ts';
import type { Service } from '../service.ts';
import { requireServer } from './change-source-server.ts';
import { requireTime } from './jobs.ts';

const SPAN_MS_DEFAULT = 3_600_000;
const POINTS_DEFAULT = 360;

export const replicationMetricOperations: Pick<Handlers<'landfall', Service>, 'ListReplicationMetrics'> = {
  ListReplicationMetrics: async (input, service) => {
    const { sourceServerID, metrics = METRICS, maxPoints: pointsMax = POINTS_DEFAULT } = input;
    if (sourceServerID !== undefined) await requireServer(service.store.db, sourceServerID);
    const { fromMs, toMs } = spanOf(input, service.clock.nowMs());
    const range = { fromMs, toMs, pointsMax };
    const history = await service.history.read(sourceServerID ?? ALL_SERVERS, range);
    return {
      sourceServerID,
      fromDateTime: isoDateTime(history.fromMs),
      toDateTime: isoDateTime(toMs),
      pointSeconds: history.pointMs / 1000,
      points: [...history.points]
        .map(([startMs, bucket]) => showPoint(startMs, bucket, metrics))
        // Of what was measured then there may be other metrics only.
        .filter((point) => Object.keys(point).length > 1),
    };
  },
};

function spanOf(
  { fromDateTime, toDateTime }: Landfall.ListReplicationMetricsRequest,
  nowMs: number,
): { readonly fromMs: number; readonly toMs: number } {
  const toMs = toDateTime === undefined ? nowMs : requireTime('toDateTime', toDateTime);
  const fromMs =
    fromDateTime === undefined ? toMs - SPAN_MS_DEFAULT : requireTime('fromDateTime', fromDateTime);
  if (fromMs < toMs) return { fromMs, toMs };
  throw ApiError.validation('fromDateTime must be before toDateTime.', {
    reason: 'fieldValidationFailed',
    fieldList: [{ name: 'fromDateTime', message: 'must be before toDateTime' }],
  });
}

function showPoint(
  startMs: number,
  bucket: MetricBucket,
  metrics: readonly Landfall.ReplicationMetricName[],
): Landfall.ReplicationMetricPoint {
  const shown = metrics.flatMap((metric) => {
    const aggregate = bucket[metric];
    return aggregate === undefined ? [] : [[metric, showAggregate(aggregate)]];
  });
  return { dateTime: isoDateTime(startMs), ...Object.fromEntries(shown) };
}

function showAggregate({ count, sum, min, max }: Aggregate): Landfall.MetricStatistics {
  return { samples: count, mean: sum / count, minimum: min, maximum: max };
}
