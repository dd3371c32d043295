import assert from 'node:assert/strict';
import test from 'node:test';
import { INITIATION_STEPS } from '@landfall/model';
import fc from 'fast-check';
import { initiationSteps, isInitiated } from './initiation.ts';

const facts = fc.record({
  assigned: fc.boolean(),
  replicationServerSeen: fc.boolean(),
  paired: fc.boolean(),
  connected: fc.boolean(),
  firstBytes: fc.boolean(),
});

const NOTHING = {
  assigned: false,
  replicationServerSeen: false,
  paired: false,
  connected: false,
  firstBytes: false,
};

test('steps come in their order: done, at most one in progress, not started', () => {
  fc.assert(
    fc.property(fc.array(facts, { minLength: 1, maxLength: 6 }), (history) => {
      let steps = initiationSteps(NOTHING);
      for (const next of history) steps = initiationSteps(next, steps);
      assert.deepEqual(
        steps.map(({ name }) => name),
        INITIATION_STEPS,
      );
      const ranks = steps.map(({ status }) =>
        status === 'NOT_STARTED' ? 2 : status === 'IN_PROGRESS' ? 1 : 0,
      );
      assert.deepEqual(
        ranks,
        ranks.toSorted((left, right) => left - right),
      );
      assert.ok(ranks.filter((rank) => rank === 1).length <= 1);
    }),
  );
});

test('a step that is done stays done when its fact is lost', () => {
  fc.assert(
    fc.property(facts, facts, (before, after) => {
      const first = initiationSteps(before);
      const second = initiationSteps(after, first);
      const done = (steps: typeof first) => steps.filter(({ status }) => status === 'SUCCEEDED').length;
      assert.ok(done(second) >= done(first));
    }),
  );
});

test('data transfer ends initiation', () => {
  const all = {
    assigned: true,
    replicationServerSeen: true,
    paired: true,
    connected: true,
    firstBytes: true,
  };
  assert.ok(isInitiated(initiationSteps(all)));
  assert.ok(!isInitiated(initiationSteps({ ...all, firstBytes: false })));
  assert.equal(initiationSteps({ ...NOTHING, assigned: true })[3]?.status, 'IN_PROGRESS');
});
