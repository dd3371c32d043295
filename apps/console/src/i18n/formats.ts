/** Quantities as people of a language write them. Pure; what is not known is a dash. */
const DASH = '–';
const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS_MAX = 30 * SECOND_MS;

export interface Formats {
  number(value: number): string;
  percent(share: number): string;
  bytes(count: number | undefined): string;
  rate(bytesPerSecond: number | undefined): string;
  /** The two largest units: `3 h 20 min`. */
  duration(durationMs: number | undefined): string;
  dateTime(iso: string | number | undefined): string;
  /** To the second, with the year only when it is another. */
  instant(iso: string | number | undefined): string;
  /** `3 minutes ago`, `in 2 hours`. */
  relative(iso: string | undefined, nowMs: number): string;
}

export function createFormats(locale: string, timeZone?: string): Formats {
  const zone = timeZone === undefined ? {} : { timeZone };
  const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', ...zone });
  const instant = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium', ...zone });
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const number = new Intl.NumberFormat(locale);
  const fine = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const bytes = (count: number) => {
    const unit = Math.min(
      BINARY_UNITS.length - 1,
      Math.max(0, Math.floor(Math.log2(Math.abs(count) || 1) / 10)),
    );
    return `${fine.format(count / 1024 ** unit)} ${BINARY_UNITS[unit]}`;
  };
  const known = <Value>(value: Value | undefined, show: (value: Value) => string) =>
    value === undefined || Number.isNaN(value) ? DASH : show(value);
  return {
    number: (value) => number.format(value),
    // Nothing is done before all of it is.
    percent: (share) => percent.format(share < 1 ? Math.min(share, 0.999) : share),
    bytes: (count) => known(count, bytes),
    rate: (count) => known(count, (value) => `${bytes(value)}/s`),
    duration: (durationMs) => known(durationMs, (value) => durationText(value, locale)),
    dateTime: (iso) => known(timeOf(iso), (value) => dateTime.format(value)),
    instant: (iso) => known(timeOf(iso), (value) => instant.format(value)),
    relative: (iso, nowMs) => known(timeOf(iso), (value) => relativeText(relative, value - nowMs)),
  };
}

function timeOf(iso: string | number | undefined): number | undefined {
  if (typeof iso !== 'string') return iso;
  return Date.parse(iso);
}

const DURATION_UNITS = [
  ['day', DAY_MS],
  ['hour', HOUR_MS],
  ['minute', MINUTE_MS],
  ['second', SECOND_MS],
] as const;

function durationText(durationMs: number, locale: string): string {
  if (durationMs < 10 * SECOND_MS) return unitText(locale, 'second', durationMs / SECOND_MS, 1);
  const at = DURATION_UNITS.findIndex(([, lengthMs]) => durationMs >= lengthMs);
  const [unit, lengthMs] = DURATION_UNITS[at] ?? ['second', SECOND_MS];
  const next = DURATION_UNITS[at + 1];
  if (next === undefined) return unitText(locale, unit, Math.floor(durationMs / lengthMs), 0);
  const [smallUnit, smallMs] = next;
  const first = unitText(locale, unit, Math.floor(durationMs / lengthMs), 0);
  const rest = Math.floor((durationMs % lengthMs) / smallMs);
  return rest === 0 ? first : `${first} ${unitText(locale, smallUnit, rest, 0)}`;
}

function unitText(locale: string, unit: string, value: number, maximumFractionDigits: number): string {
  const style = { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits } as const;
  return new Intl.NumberFormat(locale, style).format(value);
}

/** Clocks differ a little: what is to come in a moment is now. */
function relativeText(format: Intl.RelativeTimeFormat, deltaMs: number): string {
  if (deltaMs > 0 && deltaMs < NOW_MS_MAX) return format.format(0, 'second');
  const [unit, lengthMs] = DURATION_UNITS.find(([, length]) => Math.abs(deltaMs) >= length) ?? [
    'second',
    SECOND_MS,
  ];
  return format.format(Math.trunc(deltaMs / lengthMs), unit);
}

/** Milliseconds of an ISO 8601 duration without years and months, as the API writes lags (`PT3.2S`). */
export function parseIsoDuration(text: string | undefined): number | undefined {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text ?? '');
  if (match === null) return undefined;
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = match;
  return (
    Number(days) * DAY_MS +
    Number(hours) * HOUR_MS +
    Number(minutes) * MINUTE_MS +
    Number(seconds) * SECOND_MS
  );
}
