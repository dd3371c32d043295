/** The history of replication as the API tells it, from agents that report. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { GIB } from '@landfall/runtime';
import { startTestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';

const DAY_MS = 86_400_000;

test('what agents report is told with its smallest, mean and largest, and after a restart, too', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const { api } = plane;
  const agent = await addAgent();
  const { sourceServerId: sourceServerID } = agent;
  const ask = () => api.landfall('ListReplicationMetrics', { sourceServerID });
  const sentBytes = async () => (await api.landfall('DescribeReplication', { sourceServerID })).bytesSent;
  agent.synced = false;
  await waitFor('a counter begun anew', sentBytes, (bytes) => bytes === 0);
  agent.synced = true;
  await waitFor('what is sent then', sentBytes, (bytes) => bytes === GIB);
  const told = await waitFor('a history', ask, ({ points }) => (points.at(-1)?.lagMs?.samples ?? 0) > 0);
  assert.equal(told.pointSeconds, 10);
  const newest = told.points.at(-1);
  assert.equal(newest?.lagMs?.minimum, 400);
  assert.equal(newest?.lagMs?.mean, 400);
  assert.equal(newest?.lagMs?.maximum, 400);
  assert.equal(newest?.backlogBytes?.maximum, 0);
  assert.equal(newest?.churnBytesPerSecond, undefined);
  const sent = Math.max(...told.points.map((one) => one.throughputBytesPerSecond?.maximum ?? 0));
  assert.ok(sent > GIB / 120, `${sent} bytes a second is all between two reports`);
  await agent.leave();
  const samplesOf = ({ points }: Awaited<ReturnType<typeof ask>>) =>
    points.reduce((sum, { lagMs }) => sum + (lagMs?.samples ?? 0), 0);
  const before = samplesOf(await ask());
  await plane.restart();
  // A report may still have been under way.
  assert.ok(samplesOf(await ask()) >= before && before > 0);
});

test('all servers together: each report of one is a sample', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const { api } = plane;
  for (const agent of [await addAgent(), await addAgent()]) await agent.leave();
  const servers = await api.mgn('DescribeSourceServers', {});
  const samplesOf = async (sourceServerID?: string) => {
    const input = { metrics: ['lagMs'] as const, maxPoints: 1 };
    const { points } = await api.landfall('ListReplicationMetrics', { ...input, sourceServerID });
    assert.deepEqual(Object.keys(points[0] ?? {}).sort(), ['dateTime', 'lagMs']);
    return points[0]?.lagMs?.samples ?? 0;
  };
  const ids = (servers.items ?? []).map((server) => server.sourceServerID);
  assert.equal(ids.length, 2);
  const sums = async () => {
    const each = (await samplesOf(ids[0])) + (await samplesOf(ids[1]));
    return { each, all: await samplesOf() };
  };
  // A report may still have been under way.
  await waitFor('all to be the sum of each', sums, ({ each, all }) => each === all && all > 0);
});

test('a range is as fine as it is kept and as many points as are wanted', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const { api } = plane;
  const agent = await addAgent();
  const { sourceServerId: sourceServerID } = agent;
  const now = Date.parse((await api.landfall('ListReplicationMetrics', { sourceServerID })).toDateTime);
  const pointSeconds = async (spanMs: number, maxPoints: number) => {
    const fromDateTime = new Date(now - spanMs).toISOString();
    const input = { sourceServerID, fromDateTime, maxPoints };
    const told = await api.landfall('ListReplicationMetrics', input);
    assert.ok(told.points.length <= maxPoints);
    return told.pointSeconds;
  };
  assert.equal(await pointSeconds(DAY_MS / 24, 400), 10);
  assert.equal(await pointSeconds(DAY_MS, 1440), 60);
  assert.equal(await pointSeconds(DAY_MS, 360), 240);
  assert.equal(await pointSeconds(7 * DAY_MS, 1000), 900);
  assert.equal(await pointSeconds(30 * DAY_MS, 1440), 1800);
});

test('servers nobody knows, ranges of no length, and metrics there are not are refused', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const { api } = plane;
  const { sourceServerId: sourceServerID } = await addAgent();
  const list = (input: object) => api.landfall('ListReplicationMetrics', { sourceServerID, ...input });
  await assert.rejects(list({ sourceServerID: 's-00000000000000000' }), {
    name: 'ResourceNotFoundException',
  });
  const toDateTime = '2026-01-01T00:00:00Z';
  for (const wrong of [
    { fromDateTime: toDateTime, toDateTime },
    { fromDateTime: '2026-02-30T00:00:00Z' },
    { fromDateTime: '9999-01-01T00:00:00Z' },
    { maxPoints: 0 },
    { maxPoints: 1441 },
    { metrics: [] },
    { metrics: ['lag'] },
  ])
    await assert.rejects(list(wrong), { name: 'ValidationException' }, JSON.stringify(wrong));
});

test('a server that is deleted takes its history along', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const { api } = plane;
  const agent = await addAgent();
  const { sourceServerId: sourceServerID } = agent;
  const { store, history } = plane.current().service;
  const rowsOf = async () => {
    const rows = store.db.selectFrom('replication_metric').select('bucket_ms');
    return (await rows.where('source_server_id', '=', sourceServerID).execute()).length;
  };
  await agent.leave();
  await history.write(9);
  assert.ok((await rowsOf()) >= 3);
  await api.mgn('DisconnectFromService', { sourceServerID });
  await api.mgn('MarkAsArchived', { sourceServerID });
  await api.mgn('DeleteSourceServer', { sourceServerID });
  assert.equal(await rowsOf(), 0);
});
