import assert from 'node:assert/strict';
import test from 'node:test';
import type { Landfall } from '@landfall/api';
import type { ReplicationView } from '../lifecycle/replication-view.ts';
import { serverRecord } from '../testing/server-records.ts';
import { type FleetServer, fleetServer } from './fleet-server.ts';
import { findServers, type ServerFilters, sortKeyOf, type ViewedServer } from './server-search.ts';

const VIEW: ReplicationView = {
  ...{ state: 'CONTINUOUS', steps: [], disks: [], lagMs: 0, etaMs: 0, lastPointAtMs: null, firstBytes: true },
};

function server(index: number, name: string, hostname = 'host'): FleetServer {
  const record = serverRecord({
    sourceServerId: `s-${String(index).padStart(17, '0')}`,
    createdAtMs: 1000 - index,
    state: index % 2 === 0 ? 'READY_FOR_TEST' : 'TESTING',
  });
  const { sourceProperties } = record;
  const identificationHints = { ...sourceProperties.identificationHints, hostname };
  return fleetServer({
    ...record,
    tags: name === '' ? {} : { Name: name },
    sourceProperties: { ...sourceProperties, identificationHints },
  });
}

function find(servers: readonly FleetServer[], text: string, filters: ServerFilters = {}): readonly string[] {
  return findServers(servers, { text, filters }, () => VIEW).map(({ server: found }) => found.name);
}

test('a server is found by any of its names, in any case, by all words', () => {
  const servers = [server(1, 'Web <b>Shop</b>', 'SRV-17.example'), server(2, '', 'db-1')];
  assert.equal(servers[1]?.name, 'db-1');
  for (const text of ['shop', 'WEB shop', 'srv-17', 's-00000000000000001', '<b>', '  shop\t'])
    assert.deepEqual(find(servers, text), ['Web <b>Shop</b>'], text);
  assert.deepEqual(find(servers, 'shop db-1'), []);
  assert.equal(find(servers, '').length, 2);
  assert.equal(find(servers, ' \t').length, 2);
});

test('filters hold together, and what is empty filters nothing', () => {
  const servers = [server(1, 'one'), server(2, 'two'), { ...server(3, 'three'), applicationId: 'app-1' }];
  assert.deepEqual(find(servers, '', { lifeCycleStates: ['TESTING'] }), ['one', 'three']);
  assert.deepEqual(find(servers, '', { lifeCycleStates: ['TESTING'], applicationIDs: ['app-1'] }), ['three']);
  assert.deepEqual(find(servers, '', { lifeCycleStates: [], sourceServerIDs: [] }).length, 3);
  assert.deepEqual(find(servers, '', { sourceServerIDs: [servers[1]?.sourceServerId ?? ''] }), ['two']);
  assert.deepEqual(find(servers, '', { replicationStates: ['STALLED'] }), []);
  assert.deepEqual(find(servers, '', { isArchived: true }), []);
});

function sorted(
  viewed: readonly ViewedServer[],
  sort: Landfall.ServerSort,
  isDescending = false,
): readonly string[] {
  const keyOf = sortKeyOf({ sort, isDescending });
  const sign = isDescending ? -1 : 1;
  return [...viewed]
    .sort((left, right) => sign * (keyOf(left) < keyOf(right) ? -1 : 1))
    .map(({ server: found }) => found.name);
}

test('each order is that of its values, and what has none comes last in both directions', () => {
  const view = (lagMs: number | null, etaMs: number | null) => ({ ...VIEW, lagMs, etaMs });
  const viewed = [
    { server: server(1, 'web-10'), view: view(5, 0) },
    { server: server(2, 'Web-2'), view: view(null, 900) },
    { server: server(3, 'app'), view: view(40_000, null) },
  ];
  assert.deepEqual(sorted(viewed, 'NAME'), ['app', 'Web-2', 'web-10']);
  assert.deepEqual(sorted(viewed, 'NAME', true), ['web-10', 'Web-2', 'app']);
  assert.deepEqual(sorted(viewed, 'LAG'), ['web-10', 'app', 'Web-2']);
  assert.deepEqual(sorted(viewed, 'LAG', true), ['app', 'web-10', 'Web-2']);
  assert.deepEqual(sorted(viewed, 'ETA')[0], 'Web-2');
  assert.deepEqual(sorted(viewed, 'ETA', true)[0], 'Web-2');
  assert.deepEqual(sorted(viewed, 'LIFE_CYCLE'), ['Web-2', 'web-10', 'app']);
  assert.deepEqual(sorted(viewed, 'ADDED'), ['app', 'Web-2', 'web-10']);
});

test('the longest name makes a key that fits into a token', () => {
  const long = server(1, '1a'.repeat(128));
  const key = sortKeyOf({ sort: 'NAME', isDescending: false })({ server: long, view: VIEW });
  assert.ok(key.length < 256, String(key.length));
});
