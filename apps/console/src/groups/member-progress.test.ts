import assert from 'node:assert/strict';
import test from 'node:test';
import type { Mgn } from '@landfall/api/types';
import { memberProgress } from './member-progress.ts';

function server(state: Mgn.LifeCycleState, isArchived = false): Mgn.SourceServer {
  return { sourceServerID: 's-1', lifeCycle: { state }, isArchived };
}

test('what is cut over or archived is done, and states are counted in the order of the lifecycle', () => {
  const servers = [server('CUTOVER'), server('TESTING'), server('TESTING'), server('DISCONNECTED', true)];
  assert.deepEqual(memberProgress(servers), {
    count: 4,
    doneCount: 2,
    states: [
      ['TESTING', 2],
      ['CUTOVER', 1],
      ['DISCONNECTED', 1],
    ],
  });
});

test('a group without servers has come nowhere', () => {
  assert.deepEqual(memberProgress([]), { count: 0, doneCount: 0, states: [] });
});
