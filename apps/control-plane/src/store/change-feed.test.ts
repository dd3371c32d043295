import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { systemClock, systemRandom } from '@landfall/runtime';
import { type Dialect, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import { createToken } from '../identity/enrolment-tokens.ts';
import { cleanUpAfter } from '../testing/clean-up.ts';
import { temporaryFolder } from '../testing/test-control-plane.ts';
import { type WatchedStore, watchStore } from './change-feed.ts';
import { beginStep, endStep } from './job-steps.ts';
import { findJob, insertJob, type JobRecord, setJobStatus } from './jobs.ts';
import { type RowChange, UnansweredWrites } from './row-changes.ts';
import type { Database } from './schema.ts';
import { readSetting, writeSetting } from './settings.ts';
import { openSqliteStore } from './sqlite-store.ts';

const JOB: JobRecord = {
  ...{ jobId: 'mgnjob-1', type: 'LAUNCH', initiatedBy: 'START_TEST', status: 'PENDING' },
  ...{ createdAtMs: 1, endedAtMs: null, tags: {}, at: { kind: 'LATEST' } },
};

interface Heard {
  readonly store: WatchedStore;
  readonly told: RowChange[];
}

async function openHeard(t: TestContext): Promise<Heard> {
  const store = watchStore(await openSqliteStore(await temporaryFolder(t)));
  cleanUpAfter(t, () => store.close());
  const told: RowChange[] = [];
  const watches = ({ table }: RowChange) => table !== 'enrolment_token';
  store.changes.listen({ watches, prepare: async (_tx, changes) => () => void told.push(...changes) }, {
    error: (event: string) => assert.fail(event),
  } as never);
  return { store, told };
}

const shortly = ({ table, verb, values }: RowChange) =>
  `${verb} ${table} ${values.job_id ?? values.key ?? ''}`;

test('F1: what was committed is told, with what was written; what was undone is not', async (t) => {
  const { store, told } = await openHeard(t);
  await store.transaction(async (tx) => {
    await insertJob(tx, JOB, ['s-1', 's-2']);
    assert.deepEqual(told, [], 'not before the commit');
  });
  assert.deepEqual(told.map(shortly), [
    'insert job mgnjob-1',
    'insert job_server mgnjob-1',
    'insert job_server mgnjob-1',
  ]);
  assert.equal(told[0]?.values.type, 'LAUNCH');
  assert.deepEqual(
    told.slice(1).map(({ values }) => values.source_server_id),
    ['s-1', 's-2'],
  );
  told.length = 0;
  const undone = store.transaction(async (tx) => {
    await setJobStatus(tx, 'mgnjob-1', { status: 'STARTED' });
    throw new Error('no');
  });
  await assert.rejects(undone, /no/);
  await store.changes.told();
  assert.deepEqual(told, []);
});

test('what nobody watches is not told', async (t) => {
  const { store, told } = await openHeard(t);
  const options = { role: 'agent', expiresAtMs: null, usesMax: 1 } as const;
  await createToken(store.db, { ...options, clock: systemClock, random: systemRandom });
  await writeSetting(store.db, 'initialized', 'true');
  await store.changes.told();
  assert.deepEqual(told.map(shortly), ['insert setting initialized']);
});

test('an update or deletion that found no row is none, and one of several rows names each', async (t) => {
  const { store, told } = await openHeard(t);
  await store.transaction((tx) => setJobStatus(tx, 'mgnjob-9', { status: 'STARTED' }));
  assert.deepEqual(told, []);
  await store.transaction((tx) => insertJob(tx, JOB, ['s-1']));
  told.length = 0;
  await store.transaction((tx) =>
    tx
      .deleteFrom('job')
      .where('job_id', 'in', ['mgnjob-1', 'mgnjob-2'])
      .where('type', '=', 'LAUNCH')
      .execute(),
  );
  assert.deepEqual(told.map(shortly), ['delete job mgnjob-1', 'delete job mgnjob-2']);
});

test('a write outside of a transaction is told a moment later, in order', async (t) => {
  const { store, told } = await openHeard(t);
  const key = { jobId: 'mgnjob-1', sourceServerId: 's-1', name: 'EXPORT' };
  await writeSetting(store.db, 'initialized', 'true');
  await beginStep(store.db, key, 1);
  await endStep(store.db, key, { status: 'DONE', result: {}, nowMs: 2 });
  await store.changes.told();
  assert.deepEqual(told.map(shortly), [
    'insert setting initialized',
    'insert job_step mgnjob-1',
    'update job_step mgnjob-1',
  ]);
});

test('F2: what is prepared for a change is committed with it, and undone with it', async (t) => {
  const store = watchStore(await openSqliteStore(await temporaryFolder(t)));
  cleanUpAfter(t, () => store.close());
  let fails = false;
  const prepare = async (tx: WatchedStore['db']) => {
    await writeSetting(tx, 'initialized', 'prepared');
    if (fails) throw new Error('cannot');
    return () => undefined;
  };
  store.changes.listen({ watches: () => true, prepare }, { error: () => undefined } as never);
  const clock = systemClock;
  const token = { role: 'agent', expiresAtMs: null, usesMax: 1, clock, random: systemRandom } as const;
  await store.transaction((tx) => createToken(tx, token));
  assert.equal(await readSetting(store.db, 'initialized'), 'prepared');
  fails = true;
  await writeSetting(store.db, 'initialized', 'again');
  await assert.rejects(
    store.transaction((tx) => createToken(tx, token)),
    /cannot/,
  );
  const tokens = await store.db.selectFrom('enrolment_token').select('token_id').execute();
  assert.equal(tokens.length, 1);
});

test('F4: a follower has heard of every change when its writer goes on, also of what failed', async (t) => {
  const { store } = await openHeard(t);
  const followed: string[] = [];
  store.changes.follow((changes) => followed.push(...changes.map(shortly)));
  await writeSetting(store.db, 'initialized', 'true');
  assert.deepEqual(followed.splice(0), ['insert setting initialized']);
  await store.transaction(async (tx) => {
    await insertJob(tx, JOB, ['s-1']);
    assert.deepEqual(followed, [], 'not before the commit');
  });
  assert.deepEqual(followed.splice(0), ['insert job mgnjob-1', 'insert job_server mgnjob-1']);
  const undone = store.transaction(async (tx) => {
    await setJobStatus(tx, 'mgnjob-1', { status: 'STARTED' });
    throw new Error('no');
  });
  await assert.rejects(undone, /no/);
  assert.deepEqual(followed.splice(0), ['update job mgnjob-1'], 'it only reads again');
});

test('F4: a follower hears of a commit whose answer was lost', async (t) => {
  const sqlite = await openSqliteStore(await temporaryFolder(t));
  const unanswered = new UnansweredWrites();
  const store = watchStore({
    ...sqlite,
    unanswered,
    transaction: async (work) => {
      await sqlite.transaction(work);
      throw new Error('the answer was lost');
    },
  });
  cleanUpAfter(t, () => store.close());
  const followed: string[] = [];
  store.changes.follow((changes) => followed.push(...changes.map(shortly)));
  await assert.rejects(
    store.transaction((tx) => insertJob(tx, JOB, ['s-1'])),
    /lost/,
  );
  assert.ok((await findJob(sqlite.db, 'mgnjob-1')) !== undefined, 'it was committed');
  assert.deepEqual(followed.splice(0), ['insert job mgnjob-1', 'insert job_server mgnjob-1']);

  // A driver in the middle of a write outside of transactions: it says so in the log of its database.
  const silent = new Kysely<Database>({
    dialect: unansweringDialect(),
    log: unanswered.log,
  });
  await assert.rejects(writeSetting(silent, 'initialized', 'true'), /no answer/);
  assert.deepEqual(followed, ['insert setting initialized']);
});

/** Every statement is sent, and its answer is lost. */
function unansweringDialect(): Dialect {
  const lost = () => Promise.reject(new Error('no answer'));
  const connection = { executeQuery: lost, streamQuery: () => assert.fail('nothing streams') };
  const done = () => Promise.resolve();
  return {
    createAdapter: () => new PostgresAdapter(),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createDriver: () => ({
      ...{ init: done, destroy: done, releaseConnection: done },
      acquireConnection: () => Promise.resolve(connection),
      ...{ beginTransaction: lost, commitTransaction: lost, rollbackTransaction: lost },
    }),
  };
}
