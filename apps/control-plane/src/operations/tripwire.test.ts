/** What a replication server suspects reaches whoever asks, and word that it is known reaches it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';

test('a suspicion is shown with the point that was pinned, until somebody says that they know', async (t) => {
  const { plane, replication, addAgent } = await startTestSite(t);
  const { sourceServerId: sourceServerID } = await addAgent();
  const describe = () => plane.api.landfall('DescribeReplication', { sourceServerID });
  assert.deepEqual((await describe()).tripwire, { suspicions: [] });
  replication.marks.suspicions = [
    {
      ...{ code: 'RANSOMWARE_SUSPECTED', detectedAtMs: 1_767_229_260_000, beganAtMs: 1_767_229_200_000 },
      ...{ convertedBytes: 99, diskIds: ['disk-0'], pinnedEpoch: 3, lastSeenAtMs: 1_767_229_261_000 },
      ...{ endedAtMs: null, acknowledgedAtMs: null },
    },
  ];
  const told = await waitFor('it is told', describe, ({ tripwire }) => tripwire?.suspicions.length === 1);
  assert.deepEqual(told.tripwire?.suspicions[0], {
    ...{ code: 'RANSOMWARE_SUSPECTED', convertedBytes: 99, diskIDs: ['disk-0'], pinnedEpoch: 3 },
    detectedDateTime: '2026-01-01T01:01:00.000Z',
    beganDateTime: '2026-01-01T01:00:00.000Z',
    lastSeenDateTime: '2026-01-01T01:01:01.000Z',
  });
  const input = { sourceServerID, expected: true };
  const { tripwire } = await plane.api.landfall('AcknowledgeTripwire', input);
  assert.equal(tripwire.suspicions[0]?.acknowledgedDateTime, '2026-01-02T00:00:00.000Z');
  await assert.rejects(plane.api.landfall('AcknowledgeTripwire', { sourceServerID: 's-00000000000000000' }));
});
