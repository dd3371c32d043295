import assert from 'node:assert/strict';
import test from 'node:test';
import type { Action } from './action-draft.ts';
import { type Direction, moveAction } from './action-order.ts';

function actions(...orders: readonly number[]): readonly Action[] {
  return orders.map((order, index) => ({ actionID: `a-${index}`, order }));
}

/** As the service does: it refuses an order that another action has. */
function apply(before: readonly Action[], actionID: string, direction: Direction): readonly string[] {
  const orders = new Map(before.map(({ actionID: id = '', order = 0 }) => [id, order]));
  for (const { action, order } of moveAction(before, actionID, direction)) {
    const id = action.actionID ?? '';
    const taken = [...orders].filter(([other]) => other !== id).map(([, one]) => one);
    assert.ok(!taken.includes(order), `${order} is taken`);
    assert.ok(order >= 1001 && order <= 10_000, `${order} is no order`);
    orders.set(id, order);
  }
  return [...orders].sort(([, left], [, right]) => left - right).map(([id]) => id);
}

test('where there is room between its neighbours an action is moved by one change', () => {
  const all = actions(1011, 1021, 1031);
  assert.deepEqual(
    moveAction(all, 'a-2', 'EARLIER').map(({ order }) => order),
    [1016],
  );
  assert.deepEqual(apply(all, 'a-2', 'EARLIER'), ['a-0', 'a-2', 'a-1']);
  assert.deepEqual(apply(all, 'a-0', 'LATER'), ['a-1', 'a-0', 'a-2']);
  assert.deepEqual(
    moveAction(all, 'a-1', 'LATER').map(({ order }) => order),
    [1041],
  );
});

test('where there is none two actions change places, and no order is ever had twice', () => {
  const packed = actions(1001, 1002, 1003);
  assert.deepEqual(apply(packed, 'a-1', 'EARLIER'), ['a-1', 'a-0', 'a-2']);
  assert.deepEqual(apply(packed, 'a-1', 'LATER'), ['a-0', 'a-2', 'a-1']);
  const last = actions(9999, 10_000);
  assert.deepEqual(apply(last, 'a-0', 'LATER'), ['a-1', 'a-0']);
  assert.deepEqual(apply(last, 'a-1', 'EARLIER'), ['a-1', 'a-0']);
});

test('the first goes no earlier, the last no later, and what is gone nowhere', () => {
  const all = actions(1001, 1011);
  assert.deepEqual(moveAction(all, 'a-0', 'EARLIER'), []);
  assert.deepEqual(moveAction(all, 'a-1', 'LATER'), []);
  assert.deepEqual(moveAction(all, 'a-9', 'LATER'), []);
  assert.deepEqual(moveAction([], undefined, 'EARLIER'), []);
});

test('many moves keep every order in its range', () => {
  let all = actions(1001, 1002, 1003, 9999, 10_000);
  for (let round = 0; round < 200; round += 1) {
    const moved = all[(round * 7) % all.length]?.actionID ?? '';
    const direction = round % 3 === 0 ? 'LATER' : 'EARLIER';
    const orders = new Map(all.map(({ actionID, order }) => [actionID, order]));
    apply(all, moved, direction);
    for (const { action, order } of moveAction(all, moved, direction)) orders.set(action.actionID, order);
    all = [...orders].map(([actionID, order]) => ({ actionID, order }));
  }
  assert.equal(new Set(all.map(({ order }) => order)).size, 5);
});
