/** Spans of time between the date range picker's words and the filter's. Pure. */
import type { DateRangePickerProps } from '@cloudscape-design/components/date-range-picker';
import type { AuditFilter, Period } from './audit-filter.ts';

type Span = Pick<AuditFilter, 'period' | 'from' | 'to'>;

export const RELATIVE_OPTIONS = [
  { key: 'hour', amount: 1, unit: 'hour', type: 'relative' },
  { key: 'day', amount: 1, unit: 'day', type: 'relative' },
  { key: 'week', amount: 7, unit: 'day', type: 'relative' },
  { key: 'month', amount: 30, unit: 'day', type: 'relative' },
] as const satisfies readonly (DateRangePickerProps.RelativeOption & { readonly key: Period })[];

export function rangeOfSpan({ period, from, to }: Span): DateRangePickerProps.Value | null {
  const option = RELATIVE_OPTIONS.find(({ key }) => key === period);
  if (option !== undefined) return option;
  if (from === undefined || to === undefined) return null;
  return { type: 'absolute', startDate: from, endDate: to };
}

/** A span of the picker's own making is the smallest period that holds it. */
export function spanOfRange(range: DateRangePickerProps.Value | null): Span {
  if (range === null) return {};
  if (range.type === 'absolute') {
    return { from: new Date(range.startDate).toISOString(), to: new Date(range.endDate).toISOString() };
  }
  const option =
    RELATIVE_OPTIONS.find(({ key }) => key === range.key) ??
    RELATIVE_OPTIONS.find((one) => hoursOf(one) >= hoursOf(range)) ??
    RELATIVE_OPTIONS[RELATIVE_OPTIONS.length - 1];
  return option === undefined ? {} : { period: option.key };
}

export function rangeFault(range: DateRangePickerProps.Value | null): 'openRange' | 'badRange' | undefined {
  if (range === null || range.type === 'relative') return undefined;
  const start = Date.parse(range.startDate);
  const end = Date.parse(range.endDate);
  if (Number.isNaN(start) || Number.isNaN(end)) return 'openRange';
  return end < start ? 'badRange' : undefined;
}

const UNIT_HOURS: Readonly<Record<DateRangePickerProps.TimeUnit, number>> = {
  second: 1 / 3600,
  minute: 1 / 60,
  hour: 1,
  day: 24,
  week: 7 * 24,
  month: 30 * 24,
  year: 365 * 24,
};

function hoursOf({
  amount,
  unit,
}: {
  readonly amount: number;
  readonly unit: DateRangePickerProps.TimeUnit;
}) {
  return amount * UNIT_HOURS[unit];
}
