/** One metric over time: its mean, and its largest where a point is of several measurements. */
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import LineChart from '@cloudscape-design/components/line-chart';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import type { MetricLines } from './metric-series.ts';

const DAY_MS = 86_400_000;

export interface MetricChartProps {
  readonly title: string;
  readonly yTitle: string;
  readonly lines: MetricLines;
  readonly pointSeconds: number;
  readonly spanMs: number;
  readonly show: (value: number) => string;
}

export function MetricChart(props: MetricChartProps): ReactNode {
  const { title, yTitle, lines, pointSeconds, spanMs, show } = props;
  const { t, language, formats } = useI18n();
  const time = new Intl.DateTimeFormat(language, timeStyle(spanMs));
  const first = lines.mean[0]?.x;
  const last = lines.mean.at(-1)?.x;
  const most = Math.max(1, ...lines.maximum.map(({ y }) => y));
  const series = [
    { title: t('replicationTab.chart.mean'), points: lines.mean },
    { title: t('replicationTab.chart.maximum'), points: lines.maximum },
  ];
  const note = t('replicationTab.chart.note', { time: formats.duration(pointSeconds * 1000) });
  return (
    <Container
      header={
        <Header variant="h2" description={note}>
          {title}
        </Header>
      }
    >
      <LineChart<Date>
        ariaLabel={title}
        height={160}
        hideFilter
        xScaleType="time"
        {...(first === undefined || last === undefined ? {} : { xDomain: [first, last] })}
        yDomain={[0, most * 1.1]}
        xTickFormatter={(value) => time.format(value)}
        yTickFormatter={show}
        yTitle={yTitle}
        series={series.map((one) => ({
          type: 'line',
          title: one.title,
          data: [...one.points],
          valueFormatter: show,
        }))}
        empty={t('replicationTab.chart.empty')}
      />
    </Container>
  );
}

function timeStyle(spanMs: number): Intl.DateTimeFormatOptions {
  const clock = { hour: '2-digit', minute: '2-digit' } as const;
  return spanMs <= DAY_MS ? clock : { month: 'numeric', day: 'numeric', ...clock };
}
