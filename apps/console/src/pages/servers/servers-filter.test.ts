import assert from 'node:assert/strict';
import test from 'node:test';
import { apiFilters, filterQuery, isFiltering, parseFilter, parseIds } from './servers-filter.ts';

const ID = 's-0123456789abcdef0';

test('a filter survives the address', () => {
  const filter = {
    lifeCycleStates: ['TESTING', 'CUTOVER'],
    sourceServerIDs: [ID],
    isArchived: true,
  } as const;
  const query = Object.fromEntries(
    Object.entries(filterQuery(filter)).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
  assert.deepEqual(parseFilter(query), filter);
  assert.deepEqual(filterQuery(parseFilter({})), { state: undefined, ids: undefined, archived: undefined });
});

test('an address that somebody has written asks for nothing that does not exist', () => {
  const filter = parseFilter({ state: 'TESTING,__proto__,x', ids: `<b>,${ID}`, archived: 'true' });
  assert.deepEqual(filter, { lifeCycleStates: ['TESTING'], sourceServerIDs: [ID], isArchived: false });
});

test('without a filter the service is asked for those that are not archived', () => {
  assert.deepEqual(apiFilters(parseFilter({})), { isArchived: false });
  assert.equal(isFiltering(parseFilter({})), false);
});

test('ids are told from what is none', () => {
  assert.deepEqual(parseIds(` ${ID}, ${ID}\n`), { ids: [ID] });
  assert.deepEqual(parseIds(`web-1 ${ID}`), { ids: [ID], wrong: 'web-1' });
});
