/** `landfall metrics`: the history of lag, throughput, backlog and churn. */
import type { Landfall } from '@landfall/api';
import { formatBytes, formatDurationMs, systemClock } from '@landfall/runtime';
import { type Command, Option } from 'commander';
import { showJson, showRows } from '../../terminal/output.ts';
import type { Column } from '../../terminal/table.ts';
import { contextOf, findServerId } from '../context.ts';
import { wholeNumber } from '../options.ts';
import { sparkline } from './sparkline.ts';

const HOUR_MS = 3_600_000;
const SPANS_MS: Readonly<Record<string, number>> = {
  '1h': HOUR_MS,
  '1d': 24 * HOUR_MS,
  '7d': 7 * 24 * HOUR_MS,
  '30d': 30 * 24 * HOUR_MS,
};
/** As wide as a sparkline may be. */
const COURSE_POINTS = 40;

type Metric = Landfall.ReplicationMetricName;

const METRICS: readonly (readonly [metric: Metric, name: string, show: (value: number) => string])[] = [
  ['lagMs', 'lag', formatDurationMs],
  ['throughputBytesPerSecond', 'throughput', rateText],
  ['backlogBytes', 'backlog', bytesText],
  ['churnBytesPerSecond', 'churn', rateText],
];

interface MetricsOptions {
  readonly span: string;
  readonly from?: string;
  readonly to?: string;
  readonly points?: number;
}

export function addMetricsCommand(program: Command): void {
  program
    .command('metrics [server]')
    .description('lag, throughput, backlog and churn as they were; without a server: of all together')
    .addOption(new Option('--span <span>', 'up to now').choices(Object.keys(SPANS_MS)).default('1h'))
    .option('--from <time>', 'ISO 8601; instead of a span')
    .option('--to <time>', 'ISO 8601; default: now')
    .option('--points <count>', 'each point as a line, at most so many', wholeNumber)
    .action(async (name: string | undefined, options: MetricsOptions, command: Command) => {
      const { client, output } = await contextOf(command);
      const found = await client.landfall('ListReplicationMetrics', {
        ...(name === undefined ? {} : { sourceServerID: await findServerId(client, name) }),
        fromDateTime: options.from ?? startOf(options),
        toDateTime: options.to,
        maxPoints: options.points ?? COURSE_POINTS,
      });
      if (output.json) return showJson(output, found);
      const none = 'Nothing was measured then: agents that replicate report every few seconds.';
      if (options.points !== undefined) return showRows(output, found.points, POINT_COLUMNS, none);
      showRows(output, summarizeMetrics(found.points), SUMMARY_COLUMNS, none);
      output.err(`from ${found.fromDateTime} to ${found.toDateTime}, ${found.pointSeconds} s a point\n`);
    });
}

function startOf({ span, to }: MetricsOptions): string {
  const endMs = to === undefined ? systemClock.nowMs() : Date.parse(to);
  // What is no date is for the API to refuse.
  if (Number.isNaN(endMs)) return to ?? '';
  return new Date(endMs - (SPANS_MS[span] ?? HOUR_MS)).toISOString();
}

export interface MetricSummary {
  readonly name: string;
  readonly newest: string;
  readonly mean: string;
  readonly minimum: string;
  readonly maximum: string;
  readonly course: string;
}

const SUMMARY_COLUMNS: readonly Column<MetricSummary>[] = [
  { title: 'METRIC', value: ({ name }) => name },
  { title: 'NEWEST', value: ({ newest }) => newest },
  { title: 'MEAN', value: ({ mean }) => mean },
  { title: 'MINIMUM', value: ({ minimum }) => minimum },
  { title: 'MAXIMUM', value: ({ maximum }) => maximum },
  { title: 'COURSE', value: ({ course }) => course },
];

/** A metric of which there is no sample is left out. */
export function summarizeMetrics(
  points: readonly Landfall.ReplicationMetricPoint[],
): readonly MetricSummary[] {
  return METRICS.flatMap(([metric, name, show]) => {
    const known = points.flatMap((point) => point[metric] ?? []);
    const newest = known.at(-1);
    if (newest === undefined) return [];
    const samples = known.reduce((sum, point) => sum + point.samples, 0);
    const sum = known.reduce((total, point) => total + point.mean * point.samples, 0);
    return [
      {
        name,
        newest: show(newest.mean),
        mean: show(sum / samples),
        minimum: show(Math.min(...known.map(({ minimum }) => minimum))),
        maximum: show(Math.max(...known.map(({ maximum }) => maximum))),
        course: sparkline(points.map((point) => point[metric]?.mean)),
      },
    ];
  });
}

const POINT_COLUMNS: readonly Column<Landfall.ReplicationMetricPoint>[] = [
  { title: 'FROM', value: ({ dateTime }) => dateTime },
  ...METRICS.flatMap(([metric, name, show]): Column<Landfall.ReplicationMetricPoint>[] => {
    const text = (value: number | undefined) => (value === undefined ? undefined : show(value));
    const title = name.toUpperCase();
    return [
      { title, value: (point) => text(point[metric]?.mean) },
      { title: `${title} MAX`, value: (point) => text(point[metric]?.maximum) },
    ];
  }),
];

/** A mean is no whole number. */
function bytesText(bytes: number): string {
  return formatBytes(Math.round(bytes));
}

function rateText(bytesPerSecond: number): string {
  return `${bytesText(bytesPerSecond)}/s`;
}
