import assert from 'node:assert/strict';
import test from 'node:test';
import type { LifeCycleState } from '@landfall/model';
import fc from 'fast-check';
import {
  type Health,
  healthOf,
  LAGGING_MS,
  type Member,
  type Progress,
  progressOf,
  replicationStartOf,
} from './aggregated-status.ts';
import type { SourceServerRecord } from './source-server.ts';

interface Facts {
  readonly lifeCycleState?: LifeCycleState;
  readonly state?: Member['view']['state'];
  readonly lagMs?: number | null;
  readonly firstByteAtMs?: number | null;
  readonly isArchived?: boolean;
  readonly desired?: SourceServerRecord['replication']['desired'];
}

function member(facts: Facts): Member {
  const { lifeCycleState = 'READY_FOR_TEST', isArchived = false, desired = 'REPLICATE' } = facts;
  const { state = 'CONTINUOUS', lagMs = 0, firstByteAtMs = null } = facts;
  const server = {
    isArchived,
    lifeCycle: { state: lifeCycleState },
    replication: { desired, firstByteAtMs },
  } as unknown as SourceServerRecord;
  return { server, view: { state, lagMs } };
}

test('A1: health is that of the worst server that still replicates', () => {
  assert.equal(healthOf([]), 'HEALTHY');
  assert.equal(healthOf([member({}), member({ lagMs: LAGGING_MS })]), 'LAGGING');
  assert.equal(healthOf([member({ lagMs: LAGGING_MS - 1 })]), 'HEALTHY');
  assert.equal(healthOf([member({ state: 'BACKLOG' }), member({ state: 'STALLED' })]), 'ERROR');
  for (const gone of [{ isArchived: true }, { desired: 'UNINSTALL' }, { desired: 'STOP' }] as const) {
    assert.equal(healthOf([member({ ...gone, state: 'STALLED' })]), 'HEALTHY');
  }
});

test('A2: progress is completed when all are, and not started when none has begun', () => {
  assert.equal(progressOf([]), 'NOT_STARTED');
  assert.equal(progressOf([member({ lifeCycleState: 'PENDING_INSTALLATION' })]), 'NOT_STARTED');
  assert.equal(progressOf([member({ firstByteAtMs: 1 })]), 'IN_PROGRESS');
  assert.equal(
    progressOf([member({ lifeCycleState: 'CUTOVER' }), member({ isArchived: true })]),
    'COMPLETED',
  );
  assert.equal(progressOf([member({ lifeCycleState: 'CUTOVER' }), member({})]), 'IN_PROGRESS');
});

test('the status of a group is that of the groups it is cut into, together', () => {
  const facts = fc.record({
    state: fc.constantFrom('CONTINUOUS', 'STALLED', 'BACKLOG', 'INITIATING'),
    lagMs: fc.option(fc.nat(2 * LAGGING_MS)),
    firstByteAtMs: fc.option(fc.nat()),
    isArchived: fc.boolean(),
  });
  const worst: readonly Health[] = ['HEALTHY', 'LAGGING', 'ERROR'];
  fc.assert(
    fc.property(fc.array(facts), fc.array(facts), (left, right) => {
      const [one, two] = [left.map(member), right.map(member)];
      const ranks = [one, two].map((members) => worst.indexOf(healthOf(members)));
      assert.equal(worst.indexOf(healthOf([...one, ...two])), Math.max(...ranks));
      const parts = new Set<Progress>([one, two].filter((part) => part.length > 0).map(progressOf));
      const whole = progressOf([...one, ...two]);
      if (parts.size === 1) assert.ok(parts.has(whole));
      else assert.equal(whole, parts.size === 0 ? 'NOT_STARTED' : 'IN_PROGRESS');
      const starts = [...left, ...right].flatMap(({ firstByteAtMs }) => firstByteAtMs ?? []);
      assert.equal(
        replicationStartOf([...one, ...two]),
        starts.length === 0 ? undefined : Math.min(...starts),
      );
    }),
  );
});
