/** What the audit log asks for; kept in the address, so that it can be sent to somebody. Pure. */
import type { Landfall } from '@landfall/api/types';

export const PERIODS = ['hour', 'day', 'week', 'month'] as const;
export type Period = (typeof PERIODS)[number];

const HOUR_MS = 3_600_000;
const PERIOD_MS: Readonly<Record<Period, number>> = {
  hour: HOUR_MS,
  day: 24 * HOUR_MS,
  week: 7 * 24 * HOUR_MS,
  month: 30 * 24 * HOUR_MS,
};

export interface AuditFilter {
  readonly period?: Period;
  /** ISO 8601, in place of a period. */
  readonly from?: string;
  readonly to?: string;
  readonly principal?: string;
  readonly action?: string;
  readonly outcome?: string;
}

/** What the service answers calls with, most usual first. */
export const OUTCOMES = [
  'SUCCESS',
  'STARTED',
  'AccessDeniedException',
  'ConflictException',
  'ResourceNotFoundException',
  'ServiceQuotaExceededException',
  'ThrottlingException',
  'ValidationException',
  'InternalServerException',
] as const;

const TEXT_MAX = 256;

export function parseAuditFilter(query: Readonly<Record<string, string>>): AuditFilter {
  const period = PERIODS.find((one) => one === query.period);
  const from = isoTime(query.from);
  const to = isoTime(query.to);
  return {
    ...(period === undefined ? {} : { period }),
    ...(period !== undefined || from === undefined ? {} : { from }),
    ...(period !== undefined || to === undefined ? {} : { to }),
    ...text('principal', query.principal),
    ...text('action', query.action),
    ...text('outcome', query.outcome),
  };
}

export function auditQuery(filter: AuditFilter): Readonly<Record<string, string | undefined>> {
  const { period, from, to, principal, action, outcome } = filter;
  return { period, from, to, principal, action, outcome };
}

export function isFiltering(filter: AuditFilter): boolean {
  return Object.values(auditQuery(filter)).some((value) => value !== undefined);
}

/** A period counts back from now: asked again, it is another span of time. */
export function auditInput(filter: AuditFilter, nowMs: number): Landfall.ListAuditEventsRequest {
  const { period, from, to, principal, action, outcome } = filter;
  const fromDateTime = period === undefined ? from : new Date(nowMs - PERIOD_MS[period]).toISOString();
  return {
    ...(fromDateTime === undefined ? {} : { fromDateTime }),
    ...(to === undefined ? {} : { toDateTime: to }),
    ...(principal === undefined ? {} : { principal }),
    ...(action === undefined ? {} : { action }),
    ...(outcome === undefined ? {} : { outcome }),
  };
}

/** With one of its members set anew; empty text: without it. */
export function withText(
  filter: AuditFilter,
  name: 'principal' | 'action' | 'outcome',
  value: string,
): AuditFilter {
  const { [name]: _, ...rest } = filter;
  return { ...rest, ...text(name, value) };
}

/** With another span of time, or none. */
export function withSpan(
  filter: AuditFilter,
  span: Pick<AuditFilter, 'period' | 'from' | 'to'>,
): AuditFilter {
  const { period: _period, from: _from, to: _to, ...rest } = filter;
  return { ...rest, ...span };
}

function text<Name extends string>(
  name: Name,
  value: string | undefined,
): { readonly [Key in Name]?: string } {
  const trimmed = (value ?? '').trim().slice(0, TEXT_MAX);
  return (trimmed === '' ? {} : { [name]: trimmed }) as { readonly [Key in Name]?: string };
}

function isoTime(value: string | undefined): string | undefined {
  const timeMs = Date.parse(value ?? '');
  return Number.isNaN(timeMs) ? undefined : new Date(timeMs).toISOString();
}
