/** Throughput, lag, backlog and churn: what the service remembers, and what this page sees come. */
import ColumnLayout from '@cloudscape-design/components/column-layout';
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall } from '@landfall/api/types';
import { type ReactNode, useEffect, useState } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { metricsQuery } from '../../../servers/server-queries.ts';
import { useSession } from '../../../session/session-gate.tsx';
import { useConsole, useLive } from '../../../shell/console-context.tsx';
import { LiveState } from '../../../widgets/live-state.tsx';
import { addMeasurement, lags, type Measurement, throughput } from './measured-series.ts';
import { MetricChart } from './metric-chart.tsx';
import { linesOf, METRIC_SPANS, type MetricSpan, spanOf, withLive } from './metric-series.ts';

export interface ReplicationChartsProps {
  readonly sourceServerID: string;
  readonly replication: Landfall.DescribeReplicationResponse;
}

export function ReplicationCharts({ sourceServerID, replication }: ReplicationChartsProps): ReactNode {
  const { t } = useI18n();
  const console = useConsole();
  const [spanId, setSpanId] = useState('1h');
  const live = useMeasurements(sourceServerID, replication);
  const span = spanOf(spanId);
  const query = metricsQuery(console, sourceServerID, span);
  const answer = useLive(query);
  return (
    <SpaceBetween size="m">
      <SegmentedControl
        label={t('replicationTab.chart.span')}
        selectedId={span.id}
        options={METRIC_SPANS.map(({ id }) => ({ id, text: t(`replicationTab.chart.span.${id}`) }))}
        onChange={({ detail }) => setSpanId(detail.selectedId)}
      />
      <LiveState answer={answer} onRetry={() => console.queries.refresh(query.key)}>
        {(history) => <Charts history={history} live={live} span={span} />}
      </LiveState>
    </SpaceBetween>
  );
}

/** As long as the console is open, for going to another page and back; by who sees it and which server. */
const seen = new Map<string, readonly Measurement[]>();

function useMeasurements(
  sourceServerID: string,
  replication: Landfall.DescribeReplicationResponse,
): readonly Measurement[] {
  const { clock } = useConsole();
  const session = useSession();
  const place = `${session.kind === 'SIGNED_OUT' ? '' : session.keyId} ${sourceServerID}`;
  const [series, setSeries] = useState<readonly Measurement[]>(() => seen.get(place) ?? []);
  useEffect(() => {
    const { bytesSent: sentBytes, lagMs } = replication;
    const next = addMeasurement(seen.get(place) ?? [], { atMs: clock.nowMs(), sentBytes, lagMs });
    seen.set(place, next);
    setSeries(next);
  }, [place, replication, clock]);
  return series;
}

interface ChartsProps {
  readonly history: Landfall.ListReplicationMetricsResponse;
  readonly live: readonly Measurement[];
  readonly span: MetricSpan;
}

function Charts({ history, live, span }: ChartsProps): ReactNode {
  const { t, formats } = useI18n();
  const { points, pointSeconds } = history;
  const shared = { pointSeconds, spanMs: span.lengthMs };
  const lag = withLive(linesOf(points, 'lagMs', 1 / 1000), lags(live), pointSeconds);
  const sent = withLive(linesOf(points, 'throughputBytesPerSecond'), throughput(live), pointSeconds);
  const churn = linesOf(points, 'churnBytesPerSecond');
  return (
    <ColumnLayout columns={2}>
      <MetricChart
        {...shared}
        title={t('replicationTab.chart.throughput')}
        yTitle={t('replicationTab.chart.bytes')}
        lines={sent}
        show={formats.rate}
      />
      <MetricChart
        {...shared}
        title={t('replicationTab.chart.lag')}
        yTitle={t('replicationTab.chart.seconds')}
        lines={lag}
        show={(seconds) => formats.duration(seconds * 1000)}
      />
      <MetricChart
        {...shared}
        title={t('replicationTab.chart.backlog')}
        yTitle={t('replicationTab.chart.backlogBytes')}
        lines={linesOf(points, 'backlogBytes')}
        show={formats.bytes}
      />
      {churn.mean.length > 0 && (
        <MetricChart
          {...shared}
          title={t('replicationTab.chart.churn')}
          yTitle={t('replicationTab.chart.churnBytes')}
          lines={churn}
          show={formats.rate}
        />
      )}
    </ColumnLayout>
  );
}
