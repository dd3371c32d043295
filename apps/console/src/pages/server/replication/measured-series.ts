/**
 * What a page has seen of counters and lags while it was open: what follows the history that the service
 * keeps, until that has it, too. Pure.
 * A counter that falls was begun anew, and makes a gap instead of a mountain.
 */
export interface Measurement {
  readonly atMs: number;
  readonly sentBytes: number;
  readonly lagMs: number | undefined;
}

export interface SeriesPoint {
  readonly x: Date;
  readonly y: number;
}

export const MEASUREMENTS_MAX = 600;

export function addMeasurement(series: readonly Measurement[], next: Measurement): readonly Measurement[] {
  const last = series.at(-1);
  if (last !== undefined && next.atMs <= last.atMs) return series;
  return [...series, next].slice(-MEASUREMENTS_MAX);
}

export function throughput(series: readonly Measurement[]): readonly SeriesPoint[] {
  return series.slice(1).flatMap((next, index) => {
    const last = series[index];
    if (last === undefined || next.sentBytes < last.sentBytes) return [];
    const seconds = (next.atMs - last.atMs) / 1000;
    return [{ x: new Date(next.atMs), y: (next.sentBytes - last.sentBytes) / seconds }];
  });
}

export function lags(series: readonly Measurement[]): readonly SeriesPoint[] {
  return series.flatMap(({ atMs, lagMs }) =>
    lagMs === undefined ? [] : [{ x: new Date(atMs), y: lagMs / 1000 }],
  );
}
