/**
 * Metrics as text, in the exposition format of Prometheus, version 0.0.4. Names, labels and units follow its
 * conventions: base units in the name, `_total` for what only grows. Pure.
 */
export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Histogram {
  readonly labels: Readonly<Record<string, string>>;
  /** How many were at most as large as the bound of the same index; not cumulated. */
  readonly counts: readonly number[];
  /** Above the last bound. */
  readonly beyond: number;
  readonly sum: number;
}

export type Family =
  | {
      readonly type: 'gauge' | 'counter';
      readonly name: string;
      readonly help: string;
      readonly samples: readonly Sample[];
    }
  | {
      readonly type: 'histogram';
      readonly name: string;
      readonly help: string;
      readonly bounds: readonly number[];
      readonly histograms: readonly Histogram[];
    };

export function writeExposition(families: readonly Family[]): string {
  return families.map(writeFamily).join('');
}

function writeFamily(family: Family): string {
  const { name, help, type } = family;
  const samples =
    family.type === 'histogram'
      ? family.histograms.flatMap((histogram) => histogramLines(name, family.bounds, histogram))
      : family.samples.map(({ labels = {}, value }) => line(name, labels, value));
  const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return [`# HELP ${name} ${text}\n`, `# TYPE ${name} ${type}\n`, ...samples].join('');
}

function histogramLines(
  name: string,
  bounds: readonly number[],
  { labels, counts, beyond, sum }: Histogram,
): readonly string[] {
  let count = 0;
  const buckets = bounds.map((bound, index) => {
    count += counts[index] ?? 0;
    return line(`${name}_bucket`, { ...labels, le: writeNumber(bound) }, count);
  });
  count += beyond;
  return [
    ...buckets,
    line(`${name}_bucket`, { ...labels, le: '+Inf' }, count),
    line(`${name}_sum`, labels, sum),
    line(`${name}_count`, labels, count),
  ];
}

function line(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  const set = pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
  return `${name}${set} ${writeNumber(value)}\n`;
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function writeNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}
