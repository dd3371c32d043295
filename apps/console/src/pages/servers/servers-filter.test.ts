import assert from 'node:assert/strict';
import test from 'node:test';
import {
  filterQuery,
  isFiltering,
  NO_FILTER,
  ORDER_DEFAULT,
  parseFilter,
  parseIds,
  parseOrder,
  searchInput,
} from './servers-filter.ts';

const ID = 's-0123456789abcdef0';

function givenOf(query: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

test('a filter and an order survive the address', () => {
  const filter = {
    text: 'web <b>& shop',
    lifeCycleStates: ['TESTING', 'CUTOVER'],
    replicationStates: ['STALLED'],
    sourceServerIDs: [ID],
    applicationIDs: ['app-0123456789abcdef0'],
    waveIDs: ['wave-0123456789abcdef0'],
    isArchived: true,
  } as const;
  const order = { sort: 'LAG', isDescending: true } as const;
  const query = givenOf(filterQuery(filter, order));
  assert.deepEqual(parseFilter(query), filter);
  assert.deepEqual(parseOrder(query), order);
  assert.deepEqual(givenOf(filterQuery(parseFilter({}), parseOrder({}))), {});
});

test('an address that somebody has written asks for nothing that does not exist', () => {
  const filter = parseFilter({
    ...{ state: 'TESTING,__proto__,x', ids: `<b>,${ID}`, archived: 'true', replication: 'valueOf' },
    ...{ application: 'x,app-1', wave: '..', text: 'x'.repeat(1000) },
  });
  assert.deepEqual(
    { ...filter, text: '' },
    {
      ...NO_FILTER,
      lifeCycleStates: ['TESTING'],
      sourceServerIDs: [ID],
    },
  );
  assert.equal(filter.text.length, 256);
  assert.deepEqual(parseOrder({ sort: 'constructor', order: 'up' }), ORDER_DEFAULT);
});

test('without a filter the service is asked for those that are not archived, oldest first', () => {
  const input = searchInput(NO_FILTER, ORDER_DEFAULT);
  assert.deepEqual(input, { filters: { isArchived: false }, sort: 'ADDED', descending: false });
  assert.equal(isFiltering(NO_FILTER), false);
  assert.equal(isFiltering({ ...NO_FILTER, text: 'web' }), true);
  assert.equal(searchInput({ ...NO_FILTER, text: '  ' }, ORDER_DEFAULT).text, undefined);
});

test('ids are told from what is none', () => {
  assert.deepEqual(parseIds(` ${ID}, ${ID}\n`), { ids: [ID] });
  assert.deepEqual(parseIds(`web-1 ${ID}`), { ids: [ID], wrong: 'web-1' });
});
