import assert from 'node:assert/strict';
import test from 'node:test';
import {
  type ApiClient,
  allOperations,
  inputMembers,
  operations,
  type PagedMgnOperation,
  validateInput,
} from '@landfall/api';
import { Command } from 'commander';
import { addListing, filtersOf, filtersOfCommand, listItems, parseFilters } from './listing.ts';

test('filters are those of the shapes, and what is read is what the operation takes', () => {
  assert.deepEqual(
    filtersOf('DescribeSourceServers').map(({ name }) => name),
    ['sourceServerIDs', 'isArchived', 'replicationTypes', 'lifeCycleStates', 'applicationIDs'],
  );
  const filters = parseFilters('DescribeSourceServers', [
    'lifecycleStates=testing,CUTOVER',
    'isArchived=true',
  ]);
  assert.deepEqual(filters, { lifeCycleStates: ['TESTING', 'CUTOVER'], isArchived: true });
  assert.deepEqual(validateInput(operations.mgn.DescribeSourceServers, { filters }), { filters });
});

test('every filter of every listing can be given', () => {
  for (const { name } of allOperations('mgn').filter((one) => inputMembers(one).includes('filters'))) {
    for (const filter of filtersOf(name as PagedMgnOperation)) {
      const value = filter.values[0] ?? 'x';
      const read = parseFilters(name as PagedMgnOperation, [`${filter.name}=${value}`]);
      assert.deepEqual(Object.keys(read), [filter.name], name);
    }
  }
});

for (const wrong of [
  'lifeCycleStates',
  'lifeCycleStates=',
  'colour=red',
  'lifeCycleStates=red',
  'isArchived=true,false',
]) {
  test(`what no filter can mean is refused: ${wrong}`, () => {
    assert.throws(() => parseFilters('DescribeSourceServers', [wrong]), { code: 'OPTION_INVALID' });
  });
}

test('a limit asks for no more than it shows, over pages too', async () => {
  const asked: unknown[] = [];
  const client = {
    mgnPages: async function* (_name: string, input: object) {
      asked.push(input);
      yield { items: [{ jobID: 'a' }, { jobID: 'b' }] };
      yield { items: [{ jobID: 'c' }, { jobID: 'd' }] };
      assert.fail('a page that nobody needs');
    },
  } as unknown as ApiClient;
  const jobs = await listItems(client, 'DescribeJobs', {}, { limit: 3 });
  assert.deepEqual(
    jobs.map(({ jobID }) => jobID),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(asked, [{ maxResults: 3 }]);
});

test('a command tells completion what its filter takes', () => {
  const command = addListing(new Command('list'), 'ListWaves');
  assert.deepEqual(
    filtersOfCommand(command).map(({ name }) => name),
    ['waveIDs', 'isArchived'],
  );
  assert.deepEqual(filtersOfCommand(new Command('other')), []);
});
