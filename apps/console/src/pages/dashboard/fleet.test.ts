import assert from 'node:assert/strict';
import test from 'node:test';
import type { Mgn } from '@landfall/api/types';
import { hasFailed } from '../../jobs/job-outcome.ts';
import { launchTimes, summarize } from './fleet.ts';

function server(id: string, state: Mgn.DataReplicationState, lagDuration?: string): Mgn.SourceServer {
  return {
    sourceServerID: id,
    lifeCycle: { state: lagDuration === undefined ? 'NOT_READY' : 'READY_FOR_TEST' },
    dataReplicationInfo: { dataReplicationState: state, lagDuration },
  };
}

test('a fleet is counted by state, and its lags by those that have one', () => {
  const fleet = summarize([
    server('s-1', 'CONTINUOUS', 'PT1S'),
    server('s-2', 'CONTINUOUS', 'PT3S'),
    server('s-3', 'STALLED', 'PT1H'),
    server('s-4', 'INITIAL_SYNC'),
  ]);
  assert.equal(fleet.count, 4);
  assert.equal(fleet.protectedCount, 3);
  assert.equal(fleet.lagTypicalMs, 3000);
  assert.equal(fleet.lagWorst?.server.sourceServerID, 's-3');
  assert.deepEqual(
    [...fleet.lifeCycle],
    [
      ['READY_FOR_TEST', 3],
      ['NOT_READY', 1],
    ],
  );
  assert.equal(fleet.replication.get('CONTINUOUS'), 2);
  assert.deepEqual(
    fleet.stalled.map(({ sourceServerID }) => sourceServerID),
    ['s-3'],
  );
});

test('nothing has no typical lag', () => {
  const fleet = summarize([]);
  assert.equal(fleet.lagTypicalMs, undefined);
  assert.equal(fleet.lagWorst, undefined);
});

test('how long launches take is told by those that worked', () => {
  const job = (seconds: number, launchStatus: Mgn.LaunchStatus, type: Mgn.JobType = 'LAUNCH'): Mgn.Job => ({
    jobID: 'mgnjob-1',
    type,
    status: 'COMPLETED',
    creationDateTime: '2026-01-31T12:00:00Z',
    endDateTime: new Date(Date.UTC(2026, 0, 31, 12) + seconds * 1000).toISOString(),
    participatingServers: [{ sourceServerID: 's-1', launchStatus }],
  });
  const jobs = [
    job(10, 'LAUNCHED'),
    job(1, 'FAILED'),
    job(30, 'LAUNCHED'),
    job(20, 'LAUNCHED'),
    job(2, 'TERMINATED', 'TERMINATE'),
  ];
  assert.deepEqual(launchTimes(jobs), { count: 3, typicalMs: 20_000 });
  assert.equal(hasFailed(job(1, 'FAILED')), true);
  assert.deepEqual(launchTimes([]), { count: 0, typicalMs: undefined });
});
