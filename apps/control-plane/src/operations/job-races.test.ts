/** Many callers at once: what each may rely on, whoever comes first. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { addReadyServers, answerBarriers } from '../testing/many-servers.ts';
import { startTestSite } from '../testing/test-site.ts';

/** The public API's own sentence. */
const IN_A_JOB =
  'One or more of the Source Servers included in API call are currently being processed by a Job';

interface Outcomes<Result> {
  readonly results: readonly Result[];
  readonly refusals: readonly { readonly name: string; readonly message: string }[];
}

async function atOnce<Result>(calls: readonly (() => Promise<Result>)[]): Promise<Outcomes<Result>> {
  const settled = await Promise.allSettled(calls.map((call) => call()));
  return {
    results: settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
    refusals: settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : [])),
  };
}

test('of 25 that start a server at once one does, and the others are told the documented 409', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const [first = '', second = ''] = await addReadyServers(site, 2);
  const start = (sourceServerIDs: string[]) => () => api.mgn('StartTest', { sourceServerIDs });
  const { results, refusals } = await atOnce([
    ...Array.from({ length: 20 }, () => start([first])),
    ...Array.from({ length: 5 }, () => start([second, first])),
  ]);
  assert.equal(results.length, 1);
  assert.equal(refusals.length, 24);
  for (const { name, message } of refusals)
    assert.deepEqual([name, message], ['ConflictException', IN_A_JOB]);
  const { items = [] } = await api.mgn('DescribeJobs', {});
  assert.equal(items.length, 1);
});

test('of 25 jobs that are started at once 20 are under way', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const ids = await addReadyServers(site, 25);
  const { results, refusals } = await atOnce(
    ids.map((id) => () => api.mgn('StartTest', { sourceServerIDs: [id] })),
  );
  assert.equal(results.length, 20);
  for (const { name, message } of refusals) {
    assert.equal(name, 'ConflictException');
    assert.match(message, /20 jobs are under way/);
  }
  assert.equal(new Set(results.map(({ job }) => job?.jobID)).size, 20);
  const { items = [] } = await api.mgn('DescribeSourceServers', {
    filters: { lifeCycleStates: ['TESTING'] },
  });
  const inJobs = results.map(({ job }) => job?.participatingServers?.[0]?.sourceServerID);
  assert.deepEqual(items.map(({ sourceServerID }) => sourceServerID).sort(), inJobs.toSorted());
});

test('a job takes 200 servers, not 201, and while it is under way no other job takes one more', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const ids = await addReadyServers(site, 201);
  await assert.rejects(api.mgn('StartTest', { sourceServerIDs: [...ids] }), { name: 'ValidationException' });
  const wanted = ids.slice(0, 200);
  const { job } = await api.mgn('StartTest', { sourceServerIDs: [...wanted] });
  const participants = job?.participatingServers?.map(({ sourceServerID }) => sourceServerID);
  assert.deepEqual(participants, wanted);
  await assert.rejects(api.mgn('StartTest', { sourceServerIDs: ids.slice(200) }), {
    name: 'ConflictException',
    message: /more than 200/,
  });
});

test('servers of one job run side by side to its end, and its log tells of each once', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const ids = await addReadyServers(site, 12);
  answerBarriers(t, site, ids);
  const { job } = await api.mgn('StartTest', { sourceServerIDs: [...ids] });
  const ended = await site.untilJobEnds(job?.jobID);
  assert.deepEqual(
    ended.participatingServers?.map(
      ({ sourceServerID, launchStatus }) => `${sourceServerID} ${launchStatus}`,
    ),
    ids.map((id) => `${id} LAUNCHED`),
  );
  assert.equal(site.host.machines.size, ids.length);
  const log: string[] = [];
  for await (const page of api.mgnPages('DescribeJobLogItems', { jobID: job?.jobID ?? '', maxResults: 10 })) {
    assert.ok((page.items?.length ?? 0) <= 10);
    log.push(...(page.items ?? []).map(({ event, eventData }) => `${event} ${eventData?.sourceServerID}`));
  }
  assert.equal(new Set(log).size, log.length);
  assert.deepEqual([log[0], log.at(-1)], ['JOB_START undefined', 'JOB_END undefined']);
  for (const id of ids) assert.ok(log.includes(`CONVERSION_END ${id}`), `${id}: ${log}`);
});

test('a server that is disconnected and started at once is one or the other', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const ids = await addReadyServers(site, 10);
  for (const sourceServerID of ids) {
    const isStart = (result: object) => 'job' in result;
    const { results } = await atOnce<object>([
      () => api.mgn('StartTest', { sourceServerIDs: [sourceServerID] }),
      () => api.mgn('DisconnectFromService', { sourceServerID }),
      () => api.mgn('StartTest', { sourceServerIDs: [sourceServerID] }),
    ]);
    assert.ok(results.filter(isStart).length <= 1);
    assert.equal(results.length, 1, sourceServerID);
  }
});
