import assert from 'node:assert/strict';
import test from 'node:test';
import { FollowedRows } from './followed-rows.ts';

function follow(rows: Map<string, number>) {
  const loaded: (readonly string[])[] = [];
  let failing = false;
  const followed = new FollowedRows<number>({
    listIds: async () => [...rows.keys()],
    load: async (ids) => {
      loaded.push(ids);
      if (failing) throw new Error('the store is away');
      return new Map(
        ids.flatMap((id): [string, number][] => (rows.has(id) ? [[id, rows.get(id) ?? 0]] : [])),
      );
    },
  });
  const fail = (isFailing: boolean) => {
    failing = isFailing;
  };
  return { followed, loaded, fail };
}

test('F1: all are read once, and then those that changed', async () => {
  const rows = new Map([
    ['s-1', 1],
    ['s-2', 2],
  ]);
  const { followed, loaded } = follow(rows);
  assert.deepEqual([...(await followed.current())], [...rows]);
  assert.deepEqual([...(await followed.current())], [...rows]);
  rows.set('s-2', 20).set('s-3', 3);
  rows.delete('s-1');
  for (const id of ['s-1', 's-2', 's-3']) followed.tell(id);
  assert.deepEqual([...(await followed.current())], [...rows]);
  assert.deepEqual(loaded, [
    ['s-1', 's-2'],
    ['s-1', 's-2', 's-3'],
  ]);
});

test('where it is not known what changed all are read, and those that are gone go', async () => {
  const rows = new Map([
    ['s-1', 1],
    ['s-2', 2],
  ]);
  const { followed } = follow(rows);
  await followed.current();
  rows.delete('s-1');
  rows.set('s-2', 5);
  followed.tell(undefined);
  assert.deepEqual([...(await followed.current())], [['s-2', 5]]);
});

test('F2: what could not be read is read the next time', async () => {
  const rows = new Map([['s-1', 1]]);
  const { followed, fail } = follow(rows);
  fail(true);
  await assert.rejects(followed.current(), /away/);
  fail(false);
  assert.equal((await followed.current()).get('s-1'), 1);
  rows.set('s-1', 2);
  followed.tell('s-1');
  fail(true);
  await assert.rejects(followed.current(), /away/);
  fail(false);
  assert.equal((await followed.current()).get('s-1'), 2);
});

test('F1: what changes while it is read is read again, for whoever asks after the change', async () => {
  const rows = new Map([['s-1', 1]]);
  let begun: () => void = assert.fail;
  let goOn: () => void = assert.fail;
  const reading = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const followed = new FollowedRows<number>({
    listIds: async () => ['s-1'],
    load: async () => {
      const seen = new Map(rows);
      begun();
      await gate;
      return seen;
    },
  });
  const first = followed.current();
  await reading;
  rows.set('s-1', 2);
  followed.tell('s-1');
  const second = followed.current();
  goOn();
  await first;
  assert.equal((await second).get('s-1'), 2);
});

test('F3: many are read some at a time', async () => {
  const rows = new Map(Array.from({ length: 450 }, (_, index) => [`s-${index}`, index]));
  const { followed, loaded } = follow(rows);
  assert.equal((await followed.current()).size, 450);
  assert.deepEqual(
    loaded.map(({ length }) => length),
    [200, 200, 50],
  );
});
