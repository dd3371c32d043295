/**
 * An action before or behind its neighbour. Pure. No two actions may ever have one order, also not on the
 * way, and the service changes one at a time: so a free order is used where there is one between the
 * neighbours, and else two actions change places over an order that nobody has.
 */
import { type Action, ORDER_MAX, ORDER_MIN } from './action-draft.ts';

export type Direction = 'EARLIER' | 'LATER';

export interface OrderChange {
  readonly action: Action;
  readonly order: number;
}

/** The changes, one after another; none where it is the first or the last already. */
export function moveAction(
  actions: readonly Action[],
  actionID: string | undefined,
  direction: Direction,
): readonly OrderChange[] {
  const sorted = [...actions].sort((left, right) => orderOf(left) - orderOf(right));
  const from = sorted.findIndex((action) => action.actionID === actionID);
  const step = direction === 'EARLIER' ? -1 : 1;
  const action = sorted[from];
  const neighbour = sorted[from + step];
  if (action === undefined || neighbour === undefined) return [];
  const edge = direction === 'EARLIER' ? ORDER_MIN - 1 : ORDER_MAX + 1;
  const beyond = sorted[from + 2 * step];
  const between = middle(orderOf(neighbour), beyond === undefined ? edge : orderOf(beyond));
  if (between !== undefined) return [{ action, order: between }];
  return [
    { action, order: freeOrder(sorted) },
    { action: neighbour, order: orderOf(action) },
    { action, order: orderOf(neighbour) },
  ];
}

function orderOf({ order = ORDER_MIN }: Action): number {
  return order;
}

/** Near the neighbour where nothing is beyond it: orders grow by tens, not by halves of what there is. */
function middle(left: number, right: number): number | undefined {
  const between = Math.floor((left + right) / 2);
  return Math.abs(right - left) < 2 ? undefined : nearest(left, right, between);
}

const NEAR = 10;

function nearest(from: number, to: number, between: number): number {
  const near = from + Math.sign(to - from) * NEAR;
  return Math.abs(near - from) < Math.abs(between - from) ? near : between;
}

function freeOrder(actions: readonly Action[]): number {
  const taken = new Set(actions.map(orderOf));
  let free = ORDER_MAX;
  while (taken.has(free)) free -= 1;
  return free;
}
