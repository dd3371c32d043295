import assert from 'node:assert/strict';
import test from 'node:test';
import { isSearch, searchInput } from './server-search.ts';

test('the listing of MGN does as long as nothing is asked for that it has no words for', () => {
  assert.equal(isSearch({ all: true, filter: ['lifeCycleStates=TESTING'], limit: 3 }), false);
  assert.equal(isSearch({ search: 'web' }), true);
  assert.equal(isSearch({ sort: 'lag' }), true);
  assert.equal(isSearch({ descending: true }), true);
  assert.equal(isSearch({ wave: 'wave-00000000000000001' }), true);
});

test('a search leaves archived servers out and takes the filters of MGN', () => {
  assert.deepEqual(searchInput({ search: 'web', sort: 'lifecycle', descending: true }), {
    ...{ text: 'web', sort: 'LIFE_CYCLE', descending: true, filters: { isArchived: false } },
  });
  const more = {
    search: 'web',
    all: true,
    wave: 'wave-1',
    filter: ['lifeCycleStates=testing', 'isArchived=true'],
  };
  assert.deepEqual(searchInput(more), {
    text: 'web',
    filters: { lifeCycleStates: ['TESTING'], isArchived: true, waveIDs: ['wave-1'] },
  });
  assert.throws(() => searchInput({ search: 'web', filter: ['replicationTypes=AGENT_BASED'] }), {
    code: 'OPTION_INVALID',
  });
});
