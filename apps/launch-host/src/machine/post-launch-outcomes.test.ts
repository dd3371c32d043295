import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newRecord, toStatus } from './machine-record.ts';
import {
  allEnded,
  expectedOutcomes,
  orderedScripts,
  shortened,
  withReports,
} from './post-launch-outcomes.ts';

function scriptOf(actionId: string, order: number) {
  const rest = { script: '#!/bin/sh\n', parameters: {}, timeoutSeconds: 1, mustSucceed: false };
  return { actionId, name: actionId, order, ...rest };
}

const SPECIFICATION = {
  machineId: 'i-0123456789abcdef0',
  name: 'server',
  purpose: 'TEST',
  disks: [],
  cpuCount: 1,
  memoryBytes: 2 ** 30,
  bootMode: 'USE_SOURCE',
  disposition: 'STARTED',
  publishedPorts: [],
  postLaunchScripts: [scriptOf('c', 2), scriptOf('a', 1), scriptOf('b', 1)],
} as const;

function reported(actionId: string, state: 'RUNNING' | 'SUCCEEDED' | 'FAILED', exitCode: number | null) {
  return [actionId, { actionId, state, exitCode, startedAtMs: 1, endedAtMs: null, output: state }] as const;
}

test('scripts run by their number, equal ones as listed', () => {
  assert.deepEqual(
    orderedScripts(SPECIFICATION).map(({ actionId }) => actionId),
    ['a', 'b', 'c'],
  );
});

test('outcomes follow what the guest tells; what has ended stays, and strangers are passed over', () => {
  const first = withReports(
    expectedOutcomes(SPECIFICATION),
    new Map([reported('a', 'SUCCEEDED', 0), reported('b', 'RUNNING', null), reported('x', 'FAILED', 1)]),
  );
  assert.deepEqual(
    first.map(({ actionId, state, exitCode }) => [actionId, state, exitCode]),
    [
      ['a', 'SUCCEEDED', 0],
      ['b', 'RUNNING', undefined],
      ['c', 'PENDING', undefined],
    ],
  );
  const second = withReports(first, new Map([reported('a', 'FAILED', 9), reported('b', 'FAILED', 2)]));
  assert.deepEqual(
    second.map(({ state }) => state),
    ['SUCCEEDED', 'FAILED', 'PENDING'],
  );
  assert.equal(allEnded(second), false);
});

test('a guest that cannot run them says so for each', () => {
  const outcomes = expectedOutcomes(SPECIFICATION, 'no systemd');
  assert.ok(allEnded(outcomes));
  assert.ok(outcomes.every(({ state, output }) => state === 'NOT_RUN' && output === 'no systemd'));
});

test('a report tells the end of each output', () => {
  const status = toStatus(newRecord(SPECIFICATION));
  const postLaunch = expectedOutcomes(SPECIFICATION, `${'x'.repeat(10_000)}end`);
  const [first] = shortened({ ...status, postLaunch }).postLaunch ?? [];
  assert.ok((first?.output.length ?? 0) <= 256 && first?.output.endsWith('end'));
});
