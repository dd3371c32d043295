/** What every store does alike, whatever database holds the tables. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { systemClock } from '@landfall/runtime';
import fc from 'fast-check';
import { testReplicationHistory } from '../history/replication-history.conformance.ts';
import { serverRecord } from '../testing/server-records.ts';
import { insertAuditEvents, listAuditEvents, trimAuditEvents } from './audit-events.ts';
import { beginStep, endStep, listSteps } from './job-steps.ts';
import { appendJobLog, insertJob, listJobLog, listJobs } from './jobs.ts';
import type { Place } from './listing.ts';
import { deleteAction, listActions, saveAction } from './post-launch-actions.ts';
import { countRunningJobs } from './running-jobs.ts';
import { listParameters, saveParameter } from './scripts.ts';
import { readSetting, writeSetting } from './settings.ts';
import {
  countActiveServers,
  countDisksByHome,
  eachServers,
  findServer,
  insertServer,
  listServers,
} from './source-servers.ts';
import type { Store } from './store.ts';

/** A place for a store that is empty at first; opened again it has what was in it. */
export type StorePlace = (t: TestContext) => Promise<() => Promise<Store>>;

export function testStore(name: string, place: StorePlace): void {
  testOwnership(name, place);
  testTransactions(name, place);
  testText(name, place);
  testListings(name, place);
  testJobs(name, place);
  testAudit(name, place);
  testReplicationHistory(name, place);
}

const LATEST = { kind: 'LATEST' } as const;

function testOwnership(name: string, place: StorePlace): void {
  test(`${name}: S1: a second store is refused while the first is open`, async (t) => {
    const open = await place(t);
    const store = await open();
    await assert.rejects(open(), { code: 'STATE_IN_USE' });
    await writeSetting(store.db, 'initialized', 'true');
    await store.close();
    const next = await open();
    assert.equal(await readSetting(next.db, 'initialized'), 'true');
    await next.close();
  });
}

function testTransactions(name: string, place: StorePlace): void {
  test(`${name}: what a transaction wrote is there after a restart, what it threw away is not`, async (t) => {
    const open = await place(t);
    const store = await open();
    await store.transaction((tx) => writeSetting(tx, 'initialized', 'true'));
    const failing = store.transaction(async (tx) => {
      await writeSetting(tx, 'initialized', 'false');
      throw new Error('no');
    });
    await assert.rejects(failing, /no/);
    await store.close();
    const again = await open();
    assert.equal(await readSetting(again.db, 'initialized'), 'true');
    await again.close();
  });

  test(`${name}: S2: transactions that read before they write do not lose each other’s writes`, async (t) => {
    const store = await (await place(t))();
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

  test(`${name}: what breaks a rule of the tables is undone whole, and the store goes on`, async (t) => {
    const store = await (await place(t))();
    const server = serverRecord({ sourceServerId: 's-1', createdAtMs: 1 });
    await insertServer(store.db, server);
    const twice = store.transaction(async (tx) => {
      await writeSetting(tx, 'initialized', 'true');
      await insertServer(tx, server);
    });
    await assert.rejects(twice);
    assert.equal(await readSetting(store.db, 'initialized'), undefined);
    assert.equal(await countActiveServers(store.db), 1);
    await store.close();
  });
}

function testText(name: string, place: StorePlace): void {
  test(`${name}: S6: text is sorted byte by byte as UTF-8, and is told apart as exactly`, async (t) => {
    const store = await (await place(t))();
    const names = [
      'a',
      'B',
      'b',
      'A',
      'é',
      'e',
      'z',
      '_',
      '-a',
      ' a',
      'ä',
      'ae',
      'ß',
      'ss',
      'Ω',
      '😀',
      '￮',
      '1',
      '10',
      '2',
    ];
    for (const one of names) await saveParameter(store.db, { name: one, value: one, secure: false });
    const sorted = names.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
    assert.deepEqual(
      (await listParameters(store.db)).map((one) => one.name),
      sorted,
    );
    await store.close();
  });

  test(`${name}: a document comes back as it was, whatever text is in it`, async (t) => {
    const store = await (await place(t))();
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.dictionary(text, text), async (tags) => {
        const action = { actionID: 'a', actionName: 'n', documentIdentifier: 'd', order: 1, parameters: {} };
        await saveAction(store.db, 'owner', { ...action, description: JSON.stringify(tags) });
        const [kept] = await listActions(store.db, 'owner');
        assert.deepEqual(JSON.parse(kept?.description ?? ''), JSON.parse(JSON.stringify(tags)));
      }),
      { numRuns: 50 },
    );
    assert.equal(await deleteAction(store.db, 'owner', 'a'), true);
    assert.equal(await deleteAction(store.db, 'owner', 'a'), false);
    await store.close();
  });
}

const STATES = ['NOT_READY', 'READY_FOR_TEST', 'CUTOVER'] as const;

function testListings(name: string, place: StorePlace): void {
  test(`${name}: pages of a filtered listing have each item once, in the order of making`, async (t) => {
    const store = await (await place(t))();
    const facts = Array.from({ length: 60 }, (_, index) => ({
      sourceServerId: `s-${String((index * 37) % 60).padStart(3, '0')}`,
      // Many are made in the same millisecond.
      createdAtMs: 1_700_000_000_000 + (index % 7),
      state: STATES[index % 3] ?? 'NOT_READY',
      isArchived: index % 5 === 0,
      ...(index % 4 === 0 ? { applicationId: `app-${index % 8}` } : {}),
      ...(index % 2 === 0 ? { replicationServerId: 'rs-1' } : {}),
    }));
    for (const one of facts) await insertServer(store.db, serverRecord(one));
    const sorted = facts.toSorted(
      (one, other) =>
        one.createdAtMs - other.createdAtMs || (one.sourceServerId < other.sourceServerId ? -1 : 1),
    );
    const filters = fc.record({
      isArchived: fc.option(fc.boolean(), { nil: undefined }),
      lifeCycleStates: fc.subarray([...STATES]),
      applicationIds: fc.subarray(['app-0', 'app-4', 'app-9']),
      sourceServerIds: fc.subarray(facts.map(({ sourceServerId }) => sourceServerId)),
    });
    await fc.assert(
      fc.asyncProperty(filters, fc.integer({ min: 1, max: 25 }), async (filter, limit) => {
        const wanted = sorted.filter((one) => isWanted(one, filter)).map((one) => one.sourceServerId);
        assert.deepEqual(await allPages(store, filter, limit), wanted);
      }),
      { numRuns: 40 },
    );
    const all: string[] = [];
    for await (const some of eachServers(store.db)) all.push(...some.map((one) => one.sourceServerId));
    assert.deepEqual(
      all,
      sorted.map((one) => one.sourceServerId),
    );
    assert.equal((await countDisksByHome(store.db)).get('rs-1'), 60);
    const kept = await findServer(store.db, 's-000');
    assert.equal(kept?.createdAtMs, 1_700_000_000_000);
    await store.close();
  });
}

interface Filter {
  readonly isArchived: boolean | undefined;
  readonly lifeCycleStates: readonly string[];
  readonly applicationIds: readonly string[];
  readonly sourceServerIds: readonly string[];
}

interface Listed {
  readonly sourceServerId: string;
  readonly state: string;
  readonly isArchived: boolean;
  readonly applicationId?: string;
}

function isWanted(one: Listed, filter: Filter): boolean {
  const has = (list: readonly string[], value: string) => list.length === 0 || list.includes(value);
  return (
    (filter.isArchived === undefined || filter.isArchived === one.isArchived) &&
    has(filter.lifeCycleStates, one.state) &&
    has(filter.applicationIds, one.applicationId ?? '') &&
    has(filter.sourceServerIds, one.sourceServerId)
  );
}

async function allPages({ db }: Store, filter: Filter, limit: number): Promise<readonly string[]> {
  const found: string[] = [];
  let after: Place | undefined;
  for (;;) {
    const page = await listServers(db, filter, { limit, after });
    found.push(...page.map((server) => server.sourceServerId));
    const last = page.at(-1);
    if (last === undefined || page.length < limit) return found;
    after = { atMs: last.createdAtMs, id: last.sourceServerId };
  }
}

function testJobs(name: string, place: StorePlace): void {
  test(`${name}: steps keep their first beginning and their result; a log item is written once`, async (t) => {
    const store = await (await place(t))();
    const key = { jobId: 'job-1', sourceServerId: 's-1', name: 'EXPORT' };
    await beginStep(store.db, key, 1);
    await beginStep(store.db, key, 2);
    const begun = [{ name: 'EXPORT', status: 'STARTED', result: {} }];
    assert.deepEqual(await listSteps(store.db, 'job-1', 's-1'), begun);
    await endStep(store.db, key, { status: 'DONE', result: { machineId: 'i-1' }, nowMs: 3 });
    const [step] = await listSteps(store.db, 'job-1', 's-1');
    assert.deepEqual(step, { name: 'EXPORT', status: 'DONE', result: { machineId: 'i-1' } });
    for (const [index, onceKey] of ['a', 'b', 'a', 'c'].entries()) {
      const entry = { jobId: 'job-1', onceKey, event: 'JOB_START', eventData: { index } } as const;
      await appendJobLog(store.db, { ...entry, loggedAtMs: index });
    }
    const log = await listJobLog(store.db, 'job-1', { limit: 9 });
    assert.deepEqual(
      log.map(({ eventData }) => eventData.index),
      [0, 1, 3],
    );
    const rest = await listJobLog(store.db, 'job-1', { limit: 1, afterSequence: log[0]?.sequence });
    assert.deepEqual(
      rest.map(({ eventData }) => eventData.index),
      [1],
    );
    await store.close();
  });

  test(`${name}: jobs are listed newest first, and what is under way is counted`, async (t) => {
    const store = await (await place(t))();
    for (const [index, type] of (['LAUNCH', 'RETIREMENT', 'TERMINATE'] as const).entries()) {
      const job = { jobId: `job-${index}`, type, initiatedBy: 'TERMINATE', status: 'STARTED' } as const;
      const more = { createdAtMs: 5 + index, endedAtMs: null, tags: {}, at: LATEST };
      await insertJob(store.db, { ...job, ...more }, [`s-${index}`, 's-9']);
    }
    assert.deepEqual(await countRunningJobs(store.db), { jobs: 2, servers: 4 });
    const ids = async (...[filter, cut]: [Parameters<typeof listJobs>[1], Parameters<typeof listJobs>[2]]) =>
      (await listJobs(store.db, filter, cut)).map(({ jobId }) => jobId);
    assert.deepEqual(await ids({}, { limit: 9 }), ['job-2', 'job-0']);
    assert.deepEqual(await ids({}, { limit: 9, after: { atMs: 7, id: 'job-2' } }), ['job-0']);
    assert.deepEqual(await ids({ fromMs: 6 }, { limit: 9 }), ['job-2']);
    assert.deepEqual(await ids({ jobIds: ['job-0', 'job-1'] }, { limit: 9 }), ['job-0']);
    await store.close();
  });
}

function testAudit(name: string, place: StorePlace): void {
  test(`${name}: the audit log is numbered, read backwards, and trimmed from its old end`, async (t) => {
    const store = await (await place(t))();
    const events = Array.from({ length: 10 }, (_, index) => ({
      ...{ eventId: `e-${index}`, eventAtMs: index, action: 'mgn:StartTest', resources: ['*'] },
      ...{ sourceAddress: '127.0.0.1', outcome: 'SUCCESS' },
    }));
    await store.transaction((tx) => insertAuditEvents(tx, events));
    await store.transaction((tx) => trimAuditEvents(tx, { beforeMs: 2, keep: 5 }));
    const kept = await listAuditEvents(store.db, { limit: 9 });
    assert.deepEqual(
      kept.map(({ eventId }) => eventId),
      ['e-9', 'e-8', 'e-7', 'e-6', 'e-5'],
    );
    assert.ok(kept.every(({ sequence }) => Number.isSafeInteger(sequence)));
    const older = await listAuditEvents(store.db, { limit: 2, beforeSequence: kept[1]?.sequence });
    assert.deepEqual(
      older.map(({ eventId }) => eventId),
      ['e-7', 'e-6'],
    );
    await store.close();
  });
}
