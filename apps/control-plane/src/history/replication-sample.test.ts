import assert from 'node:assert/strict';
import test from 'node:test';
import type { AgentReport } from '@landfall/channel';
import type { Seen } from '../lifecycle/replication-view.ts';
import { SOURCE_DISKS, SOURCE_PROPERTIES } from '../testing/source-fixtures.ts';
import { sampleOf } from './replication-sample.ts';

function seen(atMs: number, bytesSent: number, lagMs: number | null = 5): Seen<AgentReport> {
  const disk = { totalStorageBytes: 9, replicatedStorageBytes: 1, rescannedStorageBytes: 0 };
  const replication: AgentReport['replication'] = {
    state: 'CONTINUOUS',
    disks: [3, 4].map((backlog) => ({ deviceName: '/dev/sda', ...disk, backloggedStorageBytes: backlog })),
    ...{ lagMs, etaMs: null, lastEpoch: 1, connected: true, bytesRead: 0, bytesSent },
    ...{ firstSyncDurationMs: null, lagP50Ms: null, lagP99Ms: null },
  };
  const report = { version: '0', sourceProperties: SOURCE_PROPERTIES, disks: SOURCE_DISKS, replication };
  return { atMs, report };
}

test('throughput is what was sent between two reports', () => {
  assert.deepEqual(sampleOf(seen(1000, 100), seen(3000, 700)), {
    lagMs: 5,
    throughputBytesPerSecond: 300,
    backlogBytes: 7,
  });
});

test('a counter begun anew, a first report, a long silence and a clock set back tell of no throughput', () => {
  const now = seen(10_000_000, 100);
  for (const before of [undefined, seen(9_999_000, 101), seen(1000, 50), seen(10_000_000, 50)])
    assert.equal(sampleOf(before, now).throughputBytesPerSecond, undefined);
});

test('a lag that is not known is none', () => {
  assert.equal('lagMs' in sampleOf(undefined, seen(1, 1, null)), false);
});
