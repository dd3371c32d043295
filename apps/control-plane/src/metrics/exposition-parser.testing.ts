/**
 * A strict reader of Prometheus' exposition format 0.0.4, by its specification and what `promtool check
 * metrics` demands: what a scraper would pass over or mend is an error here.
 */
import assert from 'node:assert/strict';

export interface ParsedFamily {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly ParsedSample[];
}

export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`, 's');
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;
const NUMBER = /^(?:NaN|[+-]Inf|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)$/;
const UNITS_NOT_BASE = /_(milliseconds|ms|minutes|kilobytes|megabytes|kib|mib|gib|percent)(_|$)/;

export function parseExposition(text: string): ReadonlyMap<string, ParsedFamily> {
  assert.ok(text.endsWith('\n'), 'the last line ends, too');
  const families = new Map<string, ParsedFamily & { samples: ParsedSample[] }>();
  let current: string | undefined;
  const lines = text.slice(0, -1).split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const [, name = '', help = ''] = new RegExp(`^# HELP (${NAME}) ([^\\n]+)$`).exec(line) ?? [];
    if (name !== '') {
      assert.ok(!families.has(name), `${name} comes twice`);
      const [, ofType, type = ''] =
        /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(lines[++index] ?? '') ?? [];
      assert.equal(ofType, name, 'the type follows the help');
      checkName(name, type);
      families.set(name, { type, help, samples: [] });
      current = name;
      continue;
    }
    const family = families.get(current ?? '');
    assert.ok(family !== undefined && current !== undefined, `a sample before its type: ${line}`);
    family.samples.push(parseSample(line, current, family.type));
  }
  for (const [name, family] of families) checkFamily(name, family);
  return families;
}

function checkName(name: string, type: string): void {
  assert.equal(name.endsWith('_total'), type === 'counter', `${name} is a ${type}`);
  assert.doesNotMatch(name, UNITS_NOT_BASE);
  assert.match(name, /^[a-z][a-z0-9_]*$/);
}

function parseSample(line: string, family: string, type: string): ParsedSample {
  const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
  assert.match(value, NUMBER, line);
  const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  assert.ok(
    suffixes.some((suffix) => name === family + suffix),
    `${name} among ${family}`,
  );
  return { name, labels: parseLabels(labels), value: Number(value.replace('Inf', 'Infinity')) };
}

function parseLabels(text: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  for (let at = 0; at < text.length; at = LABEL.lastIndex) {
    const [, name = '', value = ''] = LABEL.exec(text) ?? [];
    assert.ok(name !== '' && !name.startsWith('__') && labels[name] === undefined, `labels {${text}}`);
    labels[name] = value.replace(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}

function checkFamily(name: string, { type, samples }: ParsedFamily): void {
  const keys = samples.map(
    (sample) => `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`,
  );
  assert.equal(new Set(keys).size, keys.length, `a series of ${name} comes twice`);
  if (type === 'counter')
    assert.ok(
      samples.every(({ value }) => value >= 0),
      name,
    );
  if (type === 'histogram') checkHistograms(name, samples);
}

function checkHistograms(name: string, samples: readonly ParsedSample[]): void {
  const series = Map.groupBy(samples, ({ labels: { le: _le, ...rest } }) => JSON.stringify(rest));
  for (const [labels, ofSeries] of series) {
    const buckets = ofSeries.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map((sample) => Number(sample.labels.le?.replace('Inf', 'Infinity')));
    assert.deepEqual(
      bounds,
      bounds.toSorted((left, right) => left - right),
    );
    const counts = buckets.map(({ value }) => value);
    assert.deepEqual(
      counts,
      counts.toSorted((left, right) => left - right),
      `${labels}: buckets are cumulative`,
    );
    assert.equal(bounds.at(-1), Number.POSITIVE_INFINITY);
    const count = ofSeries.find((sample) => sample.name === `${name}_count`);
    assert.equal(count?.value, counts.at(-1));
    assert.ok(ofSeries.some((sample) => sample.name === `${name}_sum`));
  }
}
