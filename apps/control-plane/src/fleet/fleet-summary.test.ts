import assert from 'node:assert/strict';
import test from 'node:test';
import type { ReplicationServerReport } from '@landfall/channel';
import type { ReplicationView } from '../lifecycle/replication-view.ts';
import type { JobRecord, JobServerRecord } from '../store/jobs.ts';
import { serverRecord } from '../testing/server-records.ts';
import { fleetServer } from './fleet-server.ts';
import { countFleet, lagNow, stagingSpace } from './fleet-summary.ts';
import { launchTimes } from './launch-times.ts';

function viewed(index: number, state: ReplicationView['state'], lagMs: number | null) {
  const facts = { sourceServerId: `s-${index}`, createdAtMs: 0, state: 'READY_FOR_TEST' } as const;
  const nothing = { steps: [], disks: [], etaMs: null, lastPointAtMs: null, firstBytes: true };
  return { server: fleetServer(serverRecord(facts)), view: { ...nothing, state, lagMs } };
}

test('a fleet is counted by state, and its lags by those that have one', () => {
  const all = [
    viewed(1, 'CONTINUOUS', 1000),
    viewed(2, 'CONTINUOUS', 3000),
    viewed(3, 'STALLED', 3_600_000),
    viewed(4, 'INITIAL_SYNC', null),
  ];
  assert.deepEqual(countFleet(all), {
    servers: 4,
    protectedServers: 3,
    lifeCycle: [{ state: 'READY_FOR_TEST', servers: 4 }],
    replication: [
      { state: 'INITIAL_SYNC', servers: 1 },
      { state: 'CONTINUOUS', servers: 2 },
      { state: 'STALLED', servers: 1 },
    ],
  });
  const { typicalMs, worstMs, worstSourceServerID } = lagNow(all);
  assert.deepEqual([typicalMs, worstMs, worstSourceServerID], [3000, 3_600_000, 's-3']);
});

test('nothing has no lag and no space', () => {
  assert.deepEqual(countFleet([]), { servers: 0, protectedServers: 0, lifeCycle: [], replication: [] });
  assert.equal(lagNow([]).typicalMs, undefined);
  assert.equal(lagNow([viewed(1, 'INITIAL_SYNC', null)]).worstName, undefined);
  assert.equal(stagingSpace([]).totalBytes, 0);
});

test('space is that of the connected, those with the least of it first', () => {
  const program = (programId: string, stagingFreeBytes: number, isConnected = true) => {
    const servers = [{ sourceServerId: `s-${programId}`, recoveryPoints: 1 }];
    const report = { host: programId, stagingTotalBytes: 100, stagingFreeBytes, servers };
    return { programId, isConnected, report: report as unknown as ReplicationServerReport };
  };
  const { volumes, ...sums } = stagingSpace([program('a', 50), program('b', 10), program('c', 90, false)]);
  assert.deepEqual(sums, { replicationServers: 3, connected: 2, totalBytes: 200, freeBytes: 60 });
  assert.deepEqual(
    volumes.map(({ replicationServerID, sourceServerID }) => [replicationServerID, sourceServerID]),
    [
      ['b', 's-b'],
      ['a', 's-a'],
    ],
  );
  assert.equal(
    stagingSpace(Array.from({ length: 50 }, (_, index) => program(String(index), 1))).volumes.length,
    20,
  );
});

test('how long launches take is told by those that worked', () => {
  const job = (index: number, seconds: number, type: JobRecord['type'] = 'LAUNCH'): JobRecord => ({
    ...{ jobId: `mgnjob-${index}`, type, initiatedBy: 'START_TEST', status: 'COMPLETED', createdAtMs: 5000 },
    ...{ endedAtMs: 5000 + 1000 * seconds, tags: {}, at: { kind: 'LATEST' } },
  });
  const servers = (index: number, launchStatus: JobServerRecord['launchStatus']) =>
    [`mgnjob-${index}`, [{ jobId: `mgnjob-${index}`, sourceServerId: 's-1', launchStatus }]] as const;
  const jobs = [job(1, 10), job(2, 1), job(3, 30), job(4, 20), job(5, 2, 'TERMINATE')];
  const outcomes = new Map([
    servers(1, 'LAUNCHED'),
    servers(2, 'FAILED'),
    servers(3, 'LAUNCHED'),
    servers(4, 'LAUNCHED'),
  ]);
  assert.deepEqual(launchTimes(jobs, outcomes), { measured: 3, typicalMs: 20_000 });
  assert.deepEqual(launchTimes([], new Map()), { measured: 0, typicalMs: undefined });
});
