import assert from 'node:assert/strict';
import test from 'node:test';
import { isFilteringMachines, machinesInput, machinesQuery, parseMachinesFilter } from './machines-filter.ts';

const ID = 's-0123456789abcdef0';

test('a filter of machines survives the address', () => {
  const filter = { phases: ['RUNNING', 'FAILED'], sourceServerIDs: [ID] } as const;
  const query = machinesQuery(filter);
  assert.deepEqual(parseMachinesFilter({ phase: query.phase ?? '', servers: query.servers ?? '' }), filter);
  assert.equal(isFilteringMachines(filter), true);
});

test('without a filter the machines that have ended are left out', () => {
  const filter = parseMachinesFilter({});
  assert.equal(isFilteringMachines(filter), false);
  const { phases = [], sourceServerIDs } = machinesInput(filter);
  assert.equal(phases.length, 6);
  assert.ok(!phases.includes('TERMINATED'));
  assert.equal(sourceServerIDs, undefined);
});

test('an address that somebody has written asks for nothing that does not exist', () => {
  const filter = parseMachinesFilter({ phase: 'RUNNING,__proto__', servers: `<b>,${ID}` });
  assert.deepEqual(machinesInput(filter), { phases: ['RUNNING'], sourceServerIDs: [ID] });
});
