import assert from 'node:assert/strict';
import test from 'node:test';
import { isFilteringJobs, jobsFilters, jobsQuery, parseJobIds, parseJobsFilter } from './jobs-filter.ts';

const ID = 'mgnjob-0123456789abcdef0';
const NOW_MS = Date.UTC(2026, 0, 31, 12, 34, 56);

test('a filter of jobs survives the address', () => {
  const filter = { period: 'week', jobIDs: [ID] } as const;
  const query = jobsQuery(filter);
  assert.deepEqual(parseJobsFilter({ period: query.period ?? '', ids: query.ids ?? '' }), filter);
  assert.deepEqual(jobsQuery(parseJobsFilter({})), { period: undefined, ids: undefined });
  assert.equal(isFilteringJobs(parseJobsFilter({})), false);
});

test('a period begins at an hour, so that the question stays the same for one', () => {
  const day = { period: 'day', jobIDs: [] } as const;
  assert.deepEqual(jobsFilters(day, NOW_MS), { fromDate: '2026-01-30T12:00:00.000Z' });
  assert.deepEqual(jobsFilters(day, NOW_MS + 60_000), jobsFilters(day, NOW_MS));
  assert.deepEqual(jobsFilters({ period: 'all', jobIDs: [ID] }, NOW_MS), { jobIDs: [ID] });
});

test('an address that somebody has written asks for nothing that does not exist', () => {
  assert.deepEqual(parseJobsFilter({ period: 'century', ids: `<b>,${ID}` }), { period: 'all', jobIDs: [ID] });
  assert.deepEqual(parseJobIds(`s-1 ${ID} ${ID}`), { ids: [ID], wrong: 's-1' });
});
