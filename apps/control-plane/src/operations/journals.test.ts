import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GIB, MIB } from '@landfall/runtime';
import { SIMULATED_SPACE } from '../testing/simulated-journals.ts';
import { startTestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';

test('what a journal takes is told as it was measured, with what is not known left out', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const { sourceServerId: sourceServerID } = await addAgent();
  const { space, forecast, limitBytes, volume } = await plane.api.landfall('DescribeJournal', {
    sourceServerID,
  });
  const { measuredAtMs: _, ...measured } = SIMULATED_SPACE;
  assert.deepEqual(space, { ...measured, measuredDateTime: '2023-11-14T22:13:20.000Z' });
  assert.deepEqual(
    [forecast.verdict, forecast.likelyMs, forecast.latestMs],
    ['FILLS', 259_200_000, undefined],
  );
  assert.deepEqual([limitBytes, volume.freeBytes], [undefined, 90 * GIB]);
});

test('a limit reaches the replication server, is raised, and is taken away', async (t) => {
  const { plane, addAgent, replication } = await startTestSite(t);
  const { sourceServerId: sourceServerID } = await addAgent();
  const set = (limitBytes?: number) =>
    plane.api.landfall('UpdateJournalLimit', {
      sourceServerID,
      ...(limitBytes === undefined ? {} : { limitBytes }),
    });
  const told = () => replication.configuration.servers[0]?.journalLimitBytes;
  assert.deepEqual(await set(5 * GIB), { limitBytes: 5 * GIB });
  await waitFor(
    'the limit',
    async () => told(),
    (bytes) => bytes === 5 * GIB,
  );
  const described = await plane.api.landfall('DescribeJournal', { sourceServerID });
  assert.equal(described.limitBytes, 5 * GIB);
  assert.deepEqual(await set(), {});
  await waitFor(
    'no limit',
    async () => told(),
    (bytes) => bytes === undefined,
  );
  await assert.rejects(set(MIB - 1), { name: 'ValidationException' });
  const unknown = { sourceServerID: 's-00000000000000000' };
  await assert.rejects(plane.api.landfall('UpdateJournalLimit', unknown), {
    name: 'ResourceNotFoundException',
  });
});

test('a task runs until it is complete, and names the damage it found', async (t) => {
  const { plane, addAgent, replication } = await startTestSite(t);
  const { sourceServerId: sourceServerID } = await addAgent();
  const input = { sourceServerID, task: 'VERIFY' } as const;
  assert.deepEqual(await plane.api.landfall('DescribeJournalTask', input), {});
  assert.equal((await plane.api.landfall('StartJournalTask', input)).task.state, 'RUNNING');
  replication.damagedJournals.add(sourceServerID);
  const { task } = await plane.api.landfall('DescribeJournalTask', input);
  assert.deepEqual([task?.state, task?.damageCount, task?.damages[0]?.diskID], ['COMPLETE', 1, 'disk-0']);
  assert.equal(task?.endedDateTime, '2023-11-14T22:13:25.000Z');
  const wrong = { sourceServerID, task: 'ERASE' } as unknown as typeof input;
  await assert.rejects(plane.api.landfall('StartJournalTask', wrong), { name: 'ValidationException' });
});
