/** Throughput and lag as this page has seen them. */
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import LineChart from '@cloudscape-design/components/line-chart';
import type { Landfall } from '@landfall/api/types';
import { type ReactNode, useEffect, useState } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { useSession } from '../../../session/session-gate.tsx';
import { useConsole } from '../../../shell/console-context.tsx';
import { addMeasurement, lags, type Measurement, type SeriesPoint, throughput } from './measured-series.ts';

export interface ReplicationChartsProps {
  readonly sourceServerID: string;
  readonly replication: Landfall.DescribeReplicationResponse;
}

/** As long as the console is open, for going to another page and back; by who sees it and which server. */
const seen = new Map<string, readonly Measurement[]>();

export function ReplicationCharts({ sourceServerID, replication }: ReplicationChartsProps): ReactNode {
  const { t, formats } = useI18n();
  const { clock } = useConsole();
  const session = useSession();
  const place = `${session.kind === 'SIGNED_OUT' ? '' : session.keyId} ${sourceServerID}`;
  const [series, setSeries] = useState<readonly Measurement[]>(() => seen.get(place) ?? []);
  useEffect(() => {
    const { bytesReceived: receivedBytes, lagMs } = replication;
    const next = addMeasurement(seen.get(place) ?? [], {
      atMs: clock.nowMs(),
      receivedBytes,
      lagMs,
    });
    seen.set(place, next);
    setSeries(next);
  }, [place, replication, clock]);
  return (
    <ColumnLayout columns={2}>
      <Chart
        title={t('replicationTab.chart.throughput')}
        yTitle={t('replicationTab.chart.bytes')}
        points={throughput(series)}
        show={(value) => formats.rate(value)}
      />
      <Chart
        title={t('replicationTab.chart.lag')}
        yTitle={t('replicationTab.chart.seconds')}
        points={lags(series)}
        show={(value) => formats.duration(value * 1000)}
      />
    </ColumnLayout>
  );
}

function Chart(props: {
  readonly title: string;
  readonly yTitle: string;
  readonly points: readonly SeriesPoint[];
  readonly show: (value: number) => string;
}): ReactNode {
  const { title, yTitle, points, show } = props;
  const { t, language } = useI18n();
  const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const most = Math.max(1, ...points.map(({ y }) => y));
  const first = points[0]?.x;
  const last = points.at(-1)?.x;
  return (
    <Container
      header={
        <Header variant="h2" description={t('replicationTab.chart.note')}>
          {title}
        </Header>
      }
    >
      <LineChart<Date>
        ariaLabel={title}
        height={160}
        hideFilter
        hideLegend
        xScaleType="time"
        {...(first === undefined || last === undefined ? {} : { xDomain: [first, last] })}
        yDomain={[0, most * 1.1]}
        xTickFormatter={(value) => clock.format(value)}
        yTickFormatter={show}
        yTitle={yTitle}
        series={[{ type: 'line', title, data: [...points], valueFormatter: show }]}
        empty={t('replicationTab.chart.empty')}
      />
    </Container>
  );
}
