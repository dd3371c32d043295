/**
 * What a page has seen of counters and lags while it was open: the service keeps no history of them. Pure.
 * A counter that falls was begun anew, and makes a gap instead of a mountain.
 */
export interface Measurement {
  readonly atMs: number;
  readonly receivedBytes: number;
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
    if (last === undefined || next.receivedBytes < last.receivedBytes) return [];
    const seconds = (next.atMs - last.atMs) / 1000;
    return [{ x: new Date(next.atMs), y: (next.receivedBytes - last.receivedBytes) / seconds }];
  });
}

export function lags(series: readonly Measurement[]): readonly SeriesPoint[] {
  return series.flatMap(({ atMs, lagMs }) =>
    lagMs === undefined ? [] : [{ x: new Date(atMs), y: lagMs / 1000 }],
  );
}
