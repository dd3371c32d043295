import assert from 'node:assert/strict';
import test from 'node:test';
import { applyFilters, exactValues, type Filter } from './filters.ts';

const ITEMS = [
  { id: 'a', state: 'running', ports: [22, 80], tags: { Name: 'web-1', tier: 'gold' } },
  { id: 'b', state: 'stopped', ports: [], tags: { Name: 'web-2' } },
  { id: 'c', state: undefined, ports: [443], tags: {} },
] as const;

type Item = (typeof ITEMS)[number];

function idsOf(...filters: readonly Filter[]): string {
  const options = {
    table: { state: ({ state }: Item) => state, port: ({ ports }: Item) => ports },
    tagsOf: ({ tags }: Item) => tags,
  };
  return applyFilters(ITEMS, filters, options)
    .map(({ id }) => id)
    .join('');
}

test('all filters must match, each by one of its values', () => {
  assert.equal(idsOf(), 'abc');
  assert.equal(idsOf({ Name: 'state', Value: ['running', 'stopped'] }), 'ab');
  assert.equal(idsOf({ Name: 'state', Value: ['running', 'stopped'] }, { Name: 'port', Value: ['80'] }), 'a');
  assert.equal(idsOf({ Name: 'state', Value: [] }), '');
  assert.equal(idsOf({ Name: 'state' }), '');
});

test('* is any text and ? one character', () => {
  assert.equal(idsOf({ Name: 'tag:Name', Value: ['web-*'] }), 'ab');
  assert.equal(idsOf({ Name: 'tag:Name', Value: ['web-?'] }), 'ab');
  assert.equal(idsOf({ Name: 'tag:Name', Value: ['?'] }), '');
  assert.equal(idsOf({ Name: 'port', Value: ['4*'] }), 'c');
});

test('tags are looked for by key, by value, and not in what every object has', () => {
  assert.equal(idsOf({ Name: 'tag-key', Value: ['tier'] }), 'a');
  assert.equal(idsOf({ Name: 'tag:tier', Value: ['*'] }), 'a');
  assert.equal(idsOf({ Name: 'tag:constructor', Value: ['*'] }), '');
});

test('a filter that there is not is refused', () => {
  for (const Name of ['color', 'constructor', 'State']) {
    assert.throws(() => idsOf({ Name, Value: ['x'] }), { name: 'InvalidParameterValue' });
  }
});

test('only values without wildcards narrow what is asked for', () => {
  assert.deepEqual(exactValues([{ Name: 'a', Value: ['x', 'y'] }], 'a'), ['x', 'y']);
  assert.equal(exactValues([{ Name: 'a', Value: ['x', 'y*'] }], 'a'), undefined);
  assert.equal(exactValues([{ Name: 'b', Value: ['x'] }], 'a'), undefined);
  assert.equal(exactValues(undefined, 'a'), undefined);
});
