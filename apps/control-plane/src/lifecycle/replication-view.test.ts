import assert from 'node:assert/strict';
import test from 'node:test';
import type { AgentReport, ReplicationServerReport } from '@landfall/channel';
import { SOURCE_DISKS, SOURCE_PROPERTIES } from '../testing/source-fixtures.ts';
import { DEFAULT_LAUNCH_SETTINGS, DEFAULT_REPLICATION_SETTINGS } from './default-settings.ts';
import { viewReplication } from './replication-view.ts';
import type { SourceServerRecord } from './source-server.ts';

const SERVER: SourceServerRecord = {
  sourceServerId: 's-00000000000000001',
  createdAtMs: 0,
  isArchived: false,
  tags: {},
  lifeCycle: { state: 'NOT_READY' },
  replication: {
    desired: 'REPLICATE',
    startedAtMs: 0,
    state: 'INITIATING',
    steps: [],
    firstByteAtMs: 1000,
    pairedAtMs: 500,
  },
  replicationServerId: 'rs-1',
  sourceProperties: SOURCE_PROPERTIES,
  disks: SOURCE_DISKS,
  launched: null,
  replicationConfiguration: { ...DEFAULT_REPLICATION_SETTINGS },
  launchConfiguration: { ...DEFAULT_LAUNCH_SETTINGS },
  stagingDiscardedAtMs: null,
};

const REPORT: AgentReport = {
  version: '1',
  sourceProperties: SOURCE_PROPERTIES,
  disks: SOURCE_DISKS,
  replication: {
    state: 'CONTINUOUS',
    disks: [],
    lagMs: 400,
    etaMs: 0,
    lastEpoch: 9,
    connected: true,
    bytesRead: 1,
    bytesSent: 1,
    firstSyncDurationMs: 1,
    lagP50Ms: 1,
    lagP99Ms: 1,
  },
};

const STAGING: ReplicationServerReport = {
  version: '1',
  host: '127.0.0.1',
  port: 1500,
  stagingTotalBytes: 10,
  stagingFreeBytes: 5,
  servers: [],
};

const NOW_MS = 100_000;
const HERE = { atMs: NOW_MS - 1000, report: STAGING };

test('a server whose agent reports is what the agent says', () => {
  const agent = { atMs: NOW_MS - 2000, report: REPORT };
  const view = viewReplication({ server: SERVER, agent, replicationServer: HERE, nowMs: NOW_MS });
  assert.equal(view.state, 'CONTINUOUS');
  assert.equal(view.lagMs, 400);
  assert.equal(view.error, undefined);
});

test('an agent that was not heard of for a minute is STALLED, and its lag grows with the clock', () => {
  const agent = { atMs: NOW_MS - 61_000, report: REPORT };
  const view = viewReplication({ server: SERVER, agent, replicationServer: HERE, nowMs: NOW_MS });
  assert.equal(view.state, 'STALLED');
  assert.equal(view.error?.error, 'AGENT_NOT_SEEN');
  assert.ok((view.lagMs ?? 0) > 50_000);
});

test('staging that cannot go on shows as a stall with its code', () => {
  const stalled = { code: 'STAGING_FULL', message: 'no space is left' };
  const entry = {
    sourceServerId: SERVER.sourceServerId,
    connected: true,
    lastEpoch: 1,
    lastCutTimeMs: null,
    recoveryPoints: 1,
    bytesOnDisk: 1,
    bytesReceived: 1,
    stalled,
  };
  const replicationServer = { ...HERE, report: { ...STAGING, servers: [entry] } };
  const agent = { atMs: NOW_MS, report: REPORT };
  const view = viewReplication({ server: SERVER, agent, replicationServer, nowMs: NOW_MS });
  assert.deepEqual(view.error, { error: 'SNAPSHOTS_FAILURE', rawError: 'STAGING_FULL: no space is left' });
});

test('a recovery point that only the replication server has told of yet can be launched from', () => {
  const staged = {
    sourceServerId: SERVER.sourceServerId,
    connected: true,
    lastEpoch: 1,
    lastCutTimeMs: NOW_MS - 3000,
    recoveryPoints: 1,
    bytesOnDisk: 1,
    bytesReceived: 1,
  };
  const replicationServer = { ...HERE, report: { ...STAGING, servers: [staged] } };
  const silent = { ...REPORT, replication: { ...REPORT.replication, lagMs: null } };
  const agent = { atMs: NOW_MS, report: silent };
  const view = (servers: ReplicationServerReport['servers']) =>
    viewReplication({
      ...{ server: SERVER, agent, nowMs: NOW_MS },
      replicationServer: { ...replicationServer, report: { ...STAGING, servers } },
    });
  assert.equal(view([staged]).lagMs, 3000);
  assert.equal(view([{ ...staged, recoveryPoints: 0 }]).lagMs, null);
});

test('until the first bytes it is INITIATING, whatever the agent says', () => {
  const server = { ...SERVER, replication: { ...SERVER.replication, firstByteAtMs: null, pairedAtMs: null } };
  const replication = { ...REPORT.replication, lagMs: null, connected: false };
  const agent = { atMs: NOW_MS, report: { ...REPORT, replication } };
  const view = viewReplication({ server, agent, replicationServer: undefined, nowMs: NOW_MS });
  assert.equal(view.state, 'INITIATING');
  assert.equal(view.lagMs, null);
  assert.equal(view.steps.find(({ status }) => status === 'IN_PROGRESS')?.name, 'BOOT_REPLICATION_SERVER');
});

test('a disconnected server shows no progress', () => {
  const server = { ...SERVER, replication: { ...SERVER.replication, desired: 'UNINSTALL' as const } };
  const agent = { atMs: NOW_MS, report: REPORT };
  const view = viewReplication({ server, agent, replicationServer: HERE, nowMs: NOW_MS });
  assert.equal(view.state, 'DISCONNECTED');
  assert.equal(view.lagMs, null);
  assert.deepEqual(
    view.disks.map(({ totalStorageBytes }) => totalStorageBytes),
    [0, 0],
  );
});
