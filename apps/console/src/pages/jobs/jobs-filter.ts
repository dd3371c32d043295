/** What the list of jobs asks for; kept in the address, so that it can be sent to somebody. Pure. */
import type { Mgn } from '@landfall/api/types';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** `all`: since ever. */
export const JOB_PERIODS = ['day', 'week', 'month', 'all'] as const;
export type JobPeriod = (typeof JOB_PERIODS)[number];

const LENGTHS_MS = { day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS } as const;

export interface JobsFilter {
  readonly period: JobPeriod;
  readonly jobIDs: readonly string[];
}

const ID_PATTERN = /^mgnjob-[0-9a-zA-Z]{17}$/;

export function parseJobsFilter(query: Readonly<Record<string, string>>): JobsFilter {
  return {
    period: JOB_PERIODS.find((period) => period === query.period) ?? 'all',
    jobIDs: parseJobIds(query.ids ?? '').ids,
  };
}

export function jobsQuery({ period, jobIDs }: JobsFilter): Readonly<Record<string, string | undefined>> {
  return {
    period: period === 'all' ? undefined : period,
    ids: jobIDs.length === 0 ? undefined : jobIDs.join(','),
  };
}

export function isFilteringJobs({ period, jobIDs }: JobsFilter): boolean {
  return period !== 'all' || jobIDs.length > 0;
}

/** The hour it begins in: the question stays the same one for an hour, and with it its pages. */
export function jobsFilters({ period, jobIDs }: JobsFilter, nowMs: number): Mgn.DescribeJobsRequestFilters {
  const fromMs = period === 'all' ? undefined : Math.floor((nowMs - LENGTHS_MS[period]) / HOUR_MS) * HOUR_MS;
  return {
    ...(fromMs === undefined ? {} : { fromDate: new Date(fromMs).toISOString() }),
    ...(jobIDs.length === 0 ? {} : { jobIDs }),
  };
}

/** What a person typed: ids apart by spaces or commas, and the first that is none. */
export function parseJobIds(text: string): { readonly ids: readonly string[]; readonly wrong?: string } {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const wrong = words.find((word) => !ID_PATTERN.test(word));
  const ids = [...new Set(words.filter((word) => ID_PATTERN.test(word)))];
  return wrong === undefined ? { ids } : { ids, wrong };
}
