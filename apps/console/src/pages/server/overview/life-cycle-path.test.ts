import assert from 'node:assert/strict';
import test from 'node:test';
import { LIFE_CYCLE_STATES } from '@landfall/model';
import { PATH, pathOf } from './life-cycle-path.ts';

test('every state has its place: on the way once, or before it', () => {
  for (const state of LIFE_CYCLE_STATES) {
    const path = pathOf(state);
    assert.equal(path.filter((step) => step.state === state).length, 1, state);
    const isOnTheWay = PATH.some((one) => one === state);
    assert.equal(path.length, PATH.length + (isOnTheWay ? 0 : 1));
    assert.equal(path[0]?.status === 'STOPPED', !isOnTheWay);
  }
});

test('what lies behind is done, the present one is not, and the end is done when it is reached', () => {
  const statuses = (state: (typeof PATH)[number]) => pathOf(state).map(({ status }) => status);
  assert.deepEqual(statuses('TESTING'), ['DONE', 'DONE', 'HERE', 'AHEAD', 'AHEAD', 'AHEAD']);
  assert.deepEqual(statuses('CUTOVER'), ['DONE', 'DONE', 'DONE', 'DONE', 'DONE', 'DONE']);
});
