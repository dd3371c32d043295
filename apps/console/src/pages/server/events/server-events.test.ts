import assert from 'node:assert/strict';
import test from 'node:test';
import type { Landfall, Mgn } from '@landfall/api/types';
import { EN } from '../../../i18n/en/index.ts';
import { createFormats } from '../../../i18n/formats.ts';
import type { Translate } from '../../../i18n/i18n-context.tsx';
import { fill } from '../../../i18n/translate.ts';
import { eventsOf } from './server-events.ts';

const t: Translate = (key, values = {}) => fill(EN[key], values, 'en');
const words = { t, formats: createFormats('en', 'UTC') };

const job: Mgn.Job = {
  jobID: 'mgnjob-1',
  initiatedBy: 'START_TEST',
  creationDateTime: '2026-01-31T12:00:00Z',
  endDateTime: '2026-01-31T12:02:00Z',
  participatingServers: [{ sourceServerID: 's-1', launchStatus: 'FAILED' }],
};

function audit(action: string, resource: string, outcome = 'SUCCESS'): Landfall.AuditEvent {
  return {
    eventID: `${action} ${resource}`,
    eventDateTime: '2026-01-31T12:01:00Z',
    principal: 'arn:aws:iam::000000000000:user/ann',
    action,
    resources: [resource],
    sourceAddress: '127.0.0.1',
    outcome,
  };
}

test('jobs and what people did stand in the order they happened, newest first', () => {
  const arn = 'arn:aws:mgn:us-east-1:000000000000:source-server/s-1';
  const events = eventsOf(
    {
      sourceServerID: 's-1',
      jobs: [job, { ...job, jobID: 'mgnjob-2', participatingServers: [{ sourceServerID: 's-2' }] }],
      replication: undefined,
      audit: [
        audit('mgn:StartTest', arn),
        audit('mgn:DescribeSourceServers', arn),
        audit('mgn:StartTest', arn.replace('s-1', 's-12')),
        audit('mgn:FinalizeCutover', arn, 'ConflictException'),
      ],
    },
    words,
  );
  assert.deepEqual(
    events.map(({ text, who }) => [text, who]),
    [
      ['Test launch: Completed with failures', undefined],
      ['mgn:StartTest', 'user/ann'],
      ['mgn:FinalizeCutover: ConflictException', 'user/ann'],
      ['Test launch: In progress', undefined],
    ],
  );
});

test('changes of disks are told in words', () => {
  const change: Landfall.DiskChange = {
    kind: 'GROWN',
    diskID: 'disk-0',
    deviceName: '/dev/<b>sda',
    sizeBytes: 2 * 1024 ** 3,
    previousSizeBytes: 1024 ** 3,
    dateTime: '2026-01-31T12:00:00Z',
  };
  const replication = { diskChanges: [change] } as unknown as Landfall.DescribeReplicationResponse;
  const [event] = eventsOf({ sourceServerID: 's-1', jobs: [], replication, audit: [] }, words);
  assert.equal(event?.text, 'Disk /dev/<b>sda grew to 2 GiB');
});
