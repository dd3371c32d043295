/**
 * The history of a metric as lines of a chart: what the service remembers, and after its last point what the
 * page itself has seen since. Pure.
 */
import type { Landfall } from '@landfall/api/types';
import type { SeriesPoint } from './measured-series.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** From the shortest to the longest; `askMs`: the history is asked for again so often. */
export const METRIC_SPANS = [
  { id: '1h', lengthMs: HOUR_MS, askMs: 15_000 },
  { id: '1d', lengthMs: DAY_MS, askMs: 60_000 },
  { id: '7d', lengthMs: 7 * DAY_MS, askMs: 300_000 },
  { id: '30d', lengthMs: 30 * DAY_MS, askMs: 300_000 },
] as const;

export type MetricSpan = (typeof METRIC_SPANS)[number];
export type MetricSpanId = MetricSpan['id'];

export function spanOf(id: string): MetricSpan {
  return METRIC_SPANS.find((span) => span.id === id) ?? METRIC_SPANS[0];
}

export interface MetricLines {
  /** Of each point; live measurements are points of their own. */
  readonly mean: readonly SeriesPoint[];
  readonly maximum: readonly SeriesPoint[];
}

type Point = Landfall.ReplicationMetricPoint;

/** `scale`: what a chart shows for one of the metric's unit. */
export function linesOf(
  points: readonly Point[],
  metric: Landfall.ReplicationMetricName,
  scale = 1,
): MetricLines {
  const line = (read: (statistics: Landfall.MetricStatistics) => number) =>
    points.flatMap((point) => {
      const statistics = point[metric];
      return statistics === undefined ? [] : [{ x: new Date(point.dateTime), y: read(statistics) * scale }];
    });
  return { mean: line(({ mean }) => mean), maximum: line(({ maximum }) => maximum) };
}

/** What was measured after the end of the last point; the history has the rest already. */
export function withLive(
  lines: MetricLines,
  live: readonly SeriesPoint[],
  pointSeconds: number,
): MetricLines {
  const last = lines.mean.at(-1)?.x.getTime();
  const endMs = last === undefined ? Number.NEGATIVE_INFINITY : last + pointSeconds * 1000;
  const newer = live.filter(({ x }) => x.getTime() >= endMs);
  return { mean: [...lines.mean, ...newer], maximum: [...lines.maximum, ...newer] };
}
