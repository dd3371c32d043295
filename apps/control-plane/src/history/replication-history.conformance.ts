/** The history of replication in every store: what was measured is read as it was, and is bounded. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { type Clock, silentLogger, systemClock } from '@landfall/runtime';
import fc from 'fast-check';
import { deleteReplicationMetrics } from '../store/replication-metrics.ts';
import { deleteServer, insertServer } from '../store/source-servers.ts';
import type { StorePlace } from '../store/store.conformance.ts';
import type { Store } from '../store/store.ts';
import { serverRecord } from '../testing/server-records.ts';
import type { MetricSample } from './metric-bucket.ts';
import { METRIC_TIERS } from './metric-tiers.ts';
import { ALL_SERVERS, ReplicationHistory, WAITING_BUCKETS_MAX } from './replication-history.ts';

const BEGIN_MS = 1_790_000_100_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const IDS = ['s-1', 's-2'] as const;
const HOUR = { fromMs: BEGIN_MS, toMs: BEGIN_MS + 60 * MINUTE_MS, pointsMax: 1000 };

interface Bed {
  readonly clock: Clock & { atMs: number };
  readonly history: ReplicationHistory;
  count(): Promise<number>;
}

async function makeBed(store: Store): Promise<Bed> {
  const clock = { ...systemClock, atMs: BEGIN_MS, nowMs: () => clock.atMs };
  const history = new ReplicationHistory({ store, clock, log: silentLogger });
  return {
    clock,
    history,
    count: async () => {
      const rows = store.db.selectFrom('replication_metric').select((one) => one.fn.countAll().as('count'));
      return Number((await rows.executeTakeFirstOrThrow()).count);
    },
  };
}

async function addServers(store: Store): Promise<void> {
  for (const sourceServerId of IDS)
    await insertServer(store.db, serverRecord({ sourceServerId, createdAtMs: 1 }));
}

export function testReplicationHistory(name: string, place: StorePlace): void {
  testWhatIsRead(name, place);
  testRestart(name, place);
  testBounds(name, place);
  testDeletion(name, place);
}

type Action =
  | { readonly kind: 'ADD'; readonly id: string; readonly lagMs: number; readonly afterMs: number }
  | { readonly kind: 'WRITE'; readonly servers: number };

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    kind: fc.constant('ADD' as const),
    id: fc.constantFrom(...IDS),
    lagMs: fc.nat({ max: 100_000 }),
    afterMs: fc.nat({ max: 9000 }),
  }),
  fc.record({ kind: fc.constant('WRITE' as const), servers: fc.integer({ min: 1, max: 3 }) }),
);

function testWhatIsRead(name: string, place: StorePlace): void {
  test(`${name}: H5: whatever has been written and what has not, each sample is read once`, async (t) => {
    const store = await (await place(t))();
    await addServers(store);
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        await store.db.deleteFrom('replication_metric').execute();
        const { clock, history } = await makeBed(store);
        const added: { readonly id: string; readonly lagMs: number }[] = [];
        for (const one of actions) {
          if (one.kind === 'WRITE') await history.write(one.servers);
          else {
            clock.atMs += one.afterMs;
            history.add(one.id, { lagMs: one.lagMs });
            added.push(one);
          }
        }
        for (const id of [...IDS, ALL_SERVERS]) {
          const lags = added.filter((one) => id === ALL_SERVERS || one.id === id).map(({ lagMs }) => lagMs);
          const range = { ...HOUR, toMs: clock.atMs + 1, pointsMax: 1 };
          const { points } = await history.read(id, range);
          assert.deepEqual([...points.values()], lags.length === 0 ? [] : [{ lagMs: aggregate(lags) }]);
        }
      }),
      { numRuns: 30 },
    );
    await store.close();
  });
}

function aggregate(values: readonly number[]) {
  const sum = values.reduce((total, one) => total + one, 0);
  return { count: values.length, sum, min: Math.min(...values), max: Math.max(...values) };
}

function testRestart(name: string, place: StorePlace): void {
  test(`${name}: H3: what was written is there after a restart, the longest waiting first`, async (t) => {
    const open = await place(t);
    const store = await open();
    await addServers(store);
    const { clock, history } = await makeBed(store);
    history.add('s-1', { lagMs: 7 });
    history.add('s-2', { lagMs: 9 });
    await history.write(2);
    await store.close();
    const again = await open();
    const next = await makeBed(again);
    next.clock.atMs = clock.atMs;
    const lagsOf = async (id: string) =>
      [...(await next.history.read(id, HOUR)).points.values()].map(({ lagMs }) => lagMs);
    assert.deepEqual(await lagsOf('s-1'), [aggregate([7])]);
    assert.deepEqual(await lagsOf(ALL_SERVERS), [aggregate([7, 9])]);
    assert.deepEqual(await lagsOf('s-2'), [], 'it was not in the batch');
    await again.close();
  });

  test(`${name}: a batch that fails is written with the next`, async (t) => {
    const store = await (await place(t))();
    await addServers(store);
    let fails = true;
    const failing: Store = {
      ...store,
      transaction: (work) =>
        store.transaction(async (tx) => {
          const result = await work(tx);
          if (fails) throw new Error('away');
          return result;
        }),
    };
    const { clock } = await makeBed(store);
    const history = new ReplicationHistory({ store: failing, clock, log: silentLogger });
    history.add('s-1', { lagMs: 7 });
    await assert.rejects(history.write(9), /away/);
    fails = false;
    history.add('s-1', { lagMs: 9 });
    await history.write(9);
    const { history: fresh } = await makeBed(store);
    const { points } = await fresh.read('s-1', HOUR);
    assert.deepEqual([...points.values()], [{ lagMs: aggregate([7, 9]) }]);
    await store.close();
  });
}

function testBounds(name: string, place: StorePlace): void {
  test(`${name}: H1: 40 days of measurements take what 30 take, and are read at each resolution`, async (t) => {
    const store = await (await place(t))();
    await addServers(store);
    const { clock, history, count } = await makeBed(store);
    const sample: MetricSample = { lagMs: 400, backlogBytes: 0 };
    let waiting = 0;
    const endMs = BEGIN_MS + 40 * DAY_MS;
    // In coarse steps at first; written as often as what waits has room.
    while (clock.atMs < endMs) {
      history.add('s-1', sample);
      clock.atMs += clock.atMs < endMs - 3 * 60 * MINUTE_MS ? 90 * MINUTE_MS : 10_000;
      waiting += 1;
      if (waiting % WAITING_BUCKETS_MAX === 0) await history.write(9);
    }
    await history.write(9);
    const segmentsMax = METRIC_TIERS.reduce((sum, one) => sum + one.keptMs / one.segmentMs + 3, 0);
    assert.ok((await count()) <= 2 * segmentsMax, `${await count()} rows of two histories`);
    for (const { bucketMs, keptMs } of METRIC_TIERS) {
      const range = { fromMs: endMs - keptMs, toMs: endMs, pointsMax: 1e6 };
      const { pointMs, points } = await history.read('s-1', range);
      assert.equal(pointMs, bucketMs);
      const oldestMs = Math.min(...points.keys());
      assert.ok(oldestMs - range.fromMs < 91 * MINUTE_MS, `the oldest point is ${oldestMs - range.fromMs}`);
      assert.ok([...points.values()].every(({ lagMs }) => lagMs?.min === 400 && lagMs.max === 400));
    }
    await store.close();
  });

  test(`${name}: H4: while the store is away the oldest that waits is forgotten`, async (t) => {
    const store = await (await place(t))();
    await addServers(store);
    const { clock, history } = await makeBed(store);
    for (let index = 0; index < WAITING_BUCKETS_MAX + 10; index += 1) {
      history.add('s-1', { lagMs: index });
      clock.atMs += 10_000;
    }
    const { points } = await history.read('s-1', HOUR);
    assert.equal(points.size, WAITING_BUCKETS_MAX);
    assert.equal([...points.values()][0]?.lagMs?.min, 10);
    await store.close();
  });
}

function testDeletion(name: string, place: StorePlace): void {
  test(`${name}: H6: a deleted server loses its history, and a late sample brings none back`, async (t) => {
    const store = await (await place(t))();
    await addServers(store);
    const { history } = await makeBed(store);
    for (const id of IDS) history.add(id, { lagMs: 1 });
    await history.write(9);
    await store.transaction(async (tx) => {
      await deleteReplicationMetrics(tx, 's-1');
      await deleteServer(tx, 's-1');
      history.forget('s-1');
    });
    assert.equal((await history.read('s-1', HOUR)).points.size, 0);
    history.add('s-1', { lagMs: 2 });
    await history.write(9);
    assert.equal((await history.read('s-1', HOUR)).points.size, 0);
    assert.equal((await history.read('s-2', HOUR)).points.size, 1);
    await store.close();
  });
}
