import assert from 'node:assert/strict';
import test from 'node:test';
import type { Mgn } from '@landfall/api/types';
import { LIFE_CYCLE_STATES } from '@landfall/model';
import { EN } from '../../i18n/en/index.ts';
import { ACTIONS } from '../../servers/server-actions.ts';
import { countLeft, LAUNCH_SERVERS_MAX, leftKey, planWaveLaunch } from './wave-launch.ts';

function server(
  state: Mgn.LifeCycleState,
  { hasPoint = true, ...more }: Partial<Mgn.SourceServer> & { readonly hasPoint?: boolean } = {},
): Mgn.SourceServer {
  const dataReplicationInfo = hasPoint ? { lagDuration: 'PT1S' } : {};
  return { sourceServerID: `s-${state}`, lifeCycle: { state }, dataReplicationInfo, ...more };
}

const ALL = LIFE_CYCLE_STATES.map((state) => server(state));

test('a launch takes exactly the servers that the action would be offered for', () => {
  for (const kind of ['test', 'cutover'] as const) {
    const { launched, left } = planWaveLaunch(ALL, kind);
    assert.deepEqual(launched, ALL.filter(ACTIONS[kind].isPossible), kind);
    assert.equal(launched.length + left.length, ALL.length);
    for (const { reason } of left) assert.ok(leftKey(reason) in EN, reason);
  }
});

test('whoever is left is told why', () => {
  const servers = [
    server('READY_FOR_TEST'),
    server('TESTING'),
    server('READY_FOR_CUTOVER', { hasPoint: false }),
    server('CUTOVER', { isArchived: true }),
    server('READY_FOR_CUTOVER'),
  ];
  const { launched, left } = planWaveLaunch(servers, 'cutover');
  assert.deepEqual(launched, [servers[4]]);
  assert.deepEqual(
    left.map(({ reason }) => reason),
    ['notTested', 'inTest', 'noPoint', 'archived'],
  );
});

test('machines that the launch ends are named before', () => {
  const running = server('TESTING', { launchedInstance: { ec2InstanceID: 'i-1' } });
  const { replacement } = planWaveLaunch([running, server('READY_FOR_TEST')], 'test');
  assert.deepEqual(replacement, { servers: [running], isFinal: false });
});

test('a wave that is cut over again ends the machines of its cutover, for which a word is asked', () => {
  const launchedInstance = { ec2InstanceID: 'i-1' };
  const tested = server('READY_FOR_CUTOVER', { launchedInstance });
  const cuttingOver = server('CUTTING_OVER', { launchedInstance });
  assert.equal(planWaveLaunch([tested, server('CUTTING_OVER')], 'cutover').replacement.isFinal, false);
  assert.deepEqual(planWaveLaunch([tested, cuttingOver], 'cutover').replacement, {
    servers: [tested, cuttingOver],
    isFinal: true,
  });
});

test('a job takes as many as the service lets it, and the rest waits', () => {
  const many = Array.from({ length: LAUNCH_SERVERS_MAX + 5 }, () => server('READY_FOR_TEST'));
  const plan = planWaveLaunch([server('CUTOVER'), ...many], 'test');
  assert.equal(plan.launched.length, LAUNCH_SERVERS_MAX);
  assert.deepEqual(countLeft(plan), [
    ['tooMany', 5],
    ['ended', 1],
  ]);
});
