import assert from 'node:assert/strict';
import test from 'node:test';
import { LIFE_CYCLE_STATES } from '@landfall/model';
import fc from 'fast-check';
import { applyEvent, LIFE_CYCLE_EVENTS, type LifeCycle, type LifeCycleEvent } from './life-cycle.ts';

const state = fc.constantFrom(...LIFE_CYCLE_STATES);
const event = fc.constantFrom(...LIFE_CYCLE_EVENTS);

function follow(start: LifeCycle, events: readonly LifeCycleEvent[]): LifeCycle {
  return events.reduce((current, next, index) => {
    const transition = applyEvent(current, next, { nowMs: index, jobId: `job-${index}` });
    assert.ok(transition.accepted, `${current.state} accepts ${next}`);
    return transition.lifeCycle;
  }, start);
}

test('every state answers every event, and a refusal says why', () => {
  fc.assert(
    fc.property(state, event, (from, what) => {
      const transition = applyEvent({ state: from }, what, { nowMs: 1 });
      if (transition.accepted) assert.ok(LIFE_CYCLE_STATES.includes(transition.lifeCycle.state));
      else assert.match(transition.why, /^[a-z].{10,}[^.]$/);
    }),
  );
});

test('nothing leads out of CUTOVER, whatever happens', () => {
  fc.assert(
    fc.property(fc.array(event), (events) => {
      const end = events.reduce<LifeCycle>(
        (current, next) => {
          const transition = applyEvent(current, next, { nowMs: 1 });
          return transition.accepted ? transition.lifeCycle : current;
        },
        { state: 'CUTOVER' },
      );
      assert.equal(end.state, 'CUTOVER');
    }),
  );
});

test('a server is archived and deleted only when its replication has ended or never began', () => {
  const ended = ['CUTOVER', 'DISCONNECTED'];
  const neverBegan = ['STOPPED', 'DISCOVERED', 'PENDING_INSTALLATION'];
  for (const from of LIFE_CYCLE_STATES) {
    const accepts = (what: LifeCycleEvent) => applyEvent({ state: from }, what, { nowMs: 1 }).accepted;
    assert.equal(accepts('ARCHIVE'), ended.includes(from), `${from} ARCHIVE`);
    assert.equal(accepts('DELETE'), [...ended, ...neverBegan].includes(from), `${from} DELETE`);
  }
});

test('the documented way leads from NOT_READY to CUTOVER and remembers when', () => {
  const end = follow({ state: 'NOT_READY' }, [
    'FIRST_RECOVERY_POINT',
    'START_TEST',
    'SET_READY_FOR_CUTOVER',
    'START_CUTOVER',
    'FINALIZE_CUTOVER',
  ]);
  assert.deepEqual(end, {
    state: 'CUTOVER',
    lastTest: { initiated: { atMs: 1, jobId: 'job-1' }, finalizedAtMs: 2 },
    lastCutover: { initiated: { atMs: 3, jobId: 'job-3' }, finalizedAtMs: 4 },
  });
});

test('tests and cutovers can be taken back, and tested again', () => {
  const end = follow({ state: 'READY_FOR_TEST' }, [
    'START_TEST',
    'START_TEST',
    'SET_READY_FOR_TEST',
    'SET_READY_FOR_CUTOVER',
    'START_CUTOVER',
    'SET_READY_FOR_CUTOVER',
  ]);
  assert.equal(end.state, 'READY_FOR_CUTOVER');
  assert.deepEqual(end.lastTest, { initiated: { atMs: 1, jobId: 'job-1' }, revertedAtMs: 2 });
  assert.equal(end.lastCutover?.revertedAtMs, 5);
});

test('a machine is not terminated while its test or cutover goes on, nor after a final cutover', () => {
  const refused = LIFE_CYCLE_STATES.filter(
    (from) => !applyEvent({ state: from }, 'TERMINATE', { nowMs: 1 }).accepted,
  );
  for (const from of ['TESTING', 'CUTTING_OVER', 'CUTOVER'] as const) assert.ok(refused.includes(from));
});

test('a disconnected server can still be set to CUTOVER', () => {
  assert.equal(follow({ state: 'DISCONNECTED' }, ['SET_CUTOVER']).state, 'CUTOVER');
});
