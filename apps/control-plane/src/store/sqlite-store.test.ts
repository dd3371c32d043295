import assert from 'node:assert/strict';
import test from 'node:test';
import { systemClock } from '@landfall/runtime';
import { temporaryFolder } from '../testing/test-control-plane.ts';
import { beginStep, endStep, listSteps } from './job-steps.ts';
import { appendJobLog, listJobLog } from './jobs.ts';
import { readSetting, writeSetting } from './settings.ts';
import { openStore } from './sqlite-store.ts';

test('what a transaction wrote is there after a restart, what it threw away is not', async (t) => {
  const stateDir = await temporaryFolder(t);
  const store = await openStore(stateDir);
  await store.transaction((tx) => writeSetting(tx, 'initialized', 'true'));
  await assert.rejects(
    store.transaction(async (tx) => {
      await writeSetting(tx, 'initialized', 'false');
      throw new Error('no');
    }),
    /no/,
  );
  await store.close();
  const again = await openStore(stateDir);
  assert.equal(await readSetting(again.db, 'initialized'), 'true');
  await again.close();
});

test('S1: a second process, or a second store, is refused while the first is open', async (t) => {
  const stateDir = await temporaryFolder(t);
  const store = await openStore(stateDir);
  await assert.rejects(openStore(stateDir), { code: 'STATE_IN_USE', hint: /another --state-dir/ });
  await store.close();
  await (await openStore(stateDir)).close();
});

test('S2: transactions that read before they write do not lose each other’s writes', async (t) => {
  const store = await openStore(await temporaryFolder(t));
  await writeSetting(store.db, 'initialized', '0');
  const increment = () =>
    store.transaction(async (tx) => {
      const value = Number(await readSetting(tx, 'initialized'));
      await systemClock.sleep(1);
      await writeSetting(tx, 'initialized', String(value + 1));
    });
  await Promise.all(Array.from({ length: 20 }, increment));
  assert.equal(await readSetting(store.db, 'initialized'), '20');
  await store.close();
});

test('S3, S4: steps keep their first beginning and their result; a log item is written once', async (t) => {
  const store = await openStore(await temporaryFolder(t));
  const key = { jobId: 'job-1', sourceServerId: 's-1', name: 'EXPORT' };
  await beginStep(store.db, key, 1);
  await beginStep(store.db, key, 2);
  assert.deepEqual(await listSteps(store.db, 'job-1', 's-1'), [
    { name: 'EXPORT', status: 'STARTED', result: {} },
  ]);
  await endStep(store.db, key, { status: 'DONE', result: { machineId: 'i-1' }, nowMs: 3 });
  const [step] = await listSteps(store.db, 'job-1', 's-1');
  assert.deepEqual(step, { name: 'EXPORT', status: 'DONE', result: { machineId: 'i-1' } });
  const entry = { jobId: 'job-1', onceKey: 'a', loggedAtMs: 1, event: 'JOB_START', eventData: {} } as const;
  await appendJobLog(store.db, entry);
  await appendJobLog(store.db, { ...entry, loggedAtMs: 2 });
  assert.deepEqual(await listJobLog(store.db, 'job-1'), [
    { loggedAtMs: 1, event: 'JOB_START', eventData: {} },
  ]);
  await store.close();
});
