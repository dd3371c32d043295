import assert from 'node:assert/strict';
import test from 'node:test';
import { insertJob, type JobKind, setJobStatus } from '../store/jobs.ts';
import { startTestSite } from '../testing/test-site.ts';

test('20 jobs and 200 servers are under way at most; what has ended or retires does not count', async (t) => {
  const site = await startTestSite(t);
  const { store } = site.plane.current().service;
  const sourceServerIDs = [(await site.addAgent()).sourceServerId];
  const start = () => site.plane.api.mgn('StartTest', { sourceServerIDs });
  const add = (jobId: string, servers: number, type: JobKind = 'LAUNCH') => {
    const job = { jobId, type, initiatedBy: 'START_TEST', status: 'PENDING', createdAtMs: 1 } as const;
    const ids = Array.from({ length: servers }, (_, index) => `s-${jobId}-${index}`);
    return insertJob(store.db, { ...job, endedAtMs: null, tags: {}, at: { kind: 'LATEST' } }, ids);
  };
  const end = (jobId: string) => setJobStatus(store.db, jobId, { status: 'COMPLETED', endedAtMs: 2 });

  for (let index = 0; index < 20; index += 1) await add(`job-${index}`, 1);
  await add('retirement', 500, 'RETIREMENT');
  await assert.rejects(start(), { name: 'ConflictException', message: /20 jobs are under way/ });
  await end('job-0');
  await add('big', 182);
  await end('job-1');
  await assert.rejects(start(), { name: 'ConflictException', message: /more than 200/ });
  assert.equal((await site.server(sourceServerIDs[0] ?? '')).lifeCycle?.state, 'READY_FOR_TEST');
  await end('job-2');
  assert.ok((await start()).job?.jobID);
});
