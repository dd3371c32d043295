import assert from 'node:assert/strict';
import test from 'node:test';
import { ManualClock, settle } from '../browser-clock.testing.ts';
import { type ApiFailure, apiFailure } from './failure.ts';
import { GAP_MS, LiveQueries, type LiveQuery, SLOW_MS } from './live-queries.ts';

function world() {
  const clock = new ManualClock();
  const failures: ApiFailure[] = [];
  const queries = new LiveQueries(clock, (failure) => failures.push(failure));
  let asked = 0;
  let takesMs = 0;
  let failure: ApiFailure | undefined;
  const query: LiveQuery<number> = {
    key: 'count',
    on: ['JobChanged'],
    about: 's-1',
    load: async () => {
      asked += 1;
      const mine = asked;
      if (takesMs > 0) await new Promise<void>((resolve) => void clock.after(takesMs, resolve));
      if (failure !== undefined) throw failure;
      return mine;
    },
  };
  const slow = (durationMs: number) => {
    takesMs = durationMs;
  };
  const fail = (next: ApiFailure | undefined) => {
    failure = next;
  };
  return { clock, queries, query, failures, slow, fail, asked: () => asked };
}

const CHANGE = { type: 'JobChanged', resourceId: 'mgnjob-1', sourceServerId: 's-1' } as const;

test('it is asked for once however many show it, and forgotten with the last', async () => {
  const { queries, query, asked, clock } = world();
  const ends = [queries.show(query, () => undefined), queries.show(query, () => undefined)];
  await settle();
  assert.equal(asked(), 1);
  assert.deepEqual(queries.answer('count'), {
    value: 1,
    failure: undefined,
    isLoading: false,
    isSlow: false,
  });
  for (const end of ends) end();
  queries.tell(CHANGE);
  await clock.pass(10 * GAP_MS);
  assert.equal(asked(), 1);
  assert.equal(queries.answer('count').value, undefined);
});

test('a thousand events cost one look a second', async () => {
  const { queries, query, asked, clock } = world();
  queries.show(query, () => undefined);
  await clock.pass(GAP_MS);
  for (let index = 0; index < 1000; index += 1) {
    queries.tell(CHANGE);
    await clock.pass(10);
  }
  await clock.pass(GAP_MS);
  assert.ok(asked() <= 1 + 11, `${asked()} looks in ten seconds`);
  assert.ok(asked() >= 10);
});

test('what changes while it is asked for is asked for once more', async () => {
  const { queries, query, asked, clock, slow } = world();
  slow(3000);
  queries.show(query, () => undefined);
  await clock.pass(500);
  queries.tell(CHANGE);
  queries.tell(CHANGE);
  await clock.pass(10_000);
  assert.equal(asked(), 2);
});

test('events of other types and of other servers are none of its business', async () => {
  const { queries, query, asked, clock } = world();
  queries.show(query, () => undefined);
  await clock.pass(GAP_MS);
  queries.tell({ ...CHANGE, type: 'WaveChanged' });
  queries.tell({ ...CHANGE, sourceServerId: 's-2' });
  await clock.pass(10 * GAP_MS);
  assert.equal(asked(), 1);
  queries.tell({ type: 'JobChanged', resourceId: 's-1' });
  await clock.pass(GAP_MS);
  assert.equal(asked(), 2);
});

test('a value stays when asking again fails, and the failure is told beside it', async () => {
  const { queries, query, clock, fail, failures } = world();
  queries.show(query, () => undefined);
  await settle();
  const down = apiFailure({ name: 'ApiUnreachable', status: 0, message: 'down' });
  fail(down);
  queries.refresh('count');
  await clock.pass(1);
  assert.equal(queries.answer('count').value, 1);
  assert.equal(queries.answer('count').failure, down);
  assert.deepEqual(failures, [down]);
  fail(undefined);
  queries.refresh('count');
  await clock.pass(1);
  assert.equal(queries.answer('count').failure, undefined);
});

test('an answer that takes long is told to be slow', async () => {
  const { queries, query, clock, slow } = world();
  slow(SLOW_MS * 2);
  const seen: boolean[] = [];
  queries.show(query, () => seen.push(queries.answer('count').isSlow));
  await clock.pass(SLOW_MS + 1);
  assert.equal(queries.answer('count').isSlow, true);
  await clock.pass(SLOW_MS * 2);
  assert.equal(queries.answer('count').isSlow, false);
  assert.ok(seen.includes(true));
});
