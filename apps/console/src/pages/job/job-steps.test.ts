import assert from 'node:assert/strict';
import test from 'node:test';
import type { Mgn } from '@landfall/api/types';
import { JOB_LOG_EVENTS } from '@landfall/model';
import { EN } from '../../i18n/en/index.ts';
import { currentStep, failuresOf, JOB_STEPS, stepsOf } from './job-steps.ts';

const ID = 's-0123456789abcdef0';

function jobWith(launchStatus: Mgn.LaunchStatus, more: Partial<Mgn.Job> = {}): Mgn.Job {
  return {
    jobID: 'mgnjob-1',
    type: 'LAUNCH',
    initiatedBy: 'START_TEST',
    participatingServers: [{ sourceServerID: ID, launchStatus }],
    ...more,
  };
}

/** `EVENT` or `EVENT: what it tells`, a second apart. */
function logWith(...lines: readonly string[]): readonly Mgn.JobLog[] {
  return lines.map((line, index) => {
    const [event = '', rawError] = line.split(/: (.*)/);
    return {
      logDateTime: new Date(index * 1000).toISOString(),
      event: event as Mgn.JobLogEvent,
      eventData: { sourceServerID: ID, ...(rawError === undefined ? {} : { rawError }) },
    };
  });
}

function statuses(job: Mgn.Job, ...lines: readonly string[]) {
  return stepsOf({ job, log: logWith(...lines) }, ID).map(({ name, status }) => `${name} ${status}`);
}

test('a launch goes through its steps, and each shows how long it took', () => {
  const job = jobWith('IN_PROGRESS');
  assert.deepEqual(statuses(job), ['SNAPSHOT AHEAD', 'CONVERSION AHEAD', 'LAUNCH AHEAD']);
  assert.deepEqual(statuses(job, 'SNAPSHOT_START', 'SNAPSHOT_END', 'CONVERSION_START'), [
    'SNAPSHOT DONE',
    'CONVERSION UNDER_WAY',
    'LAUNCH AHEAD',
  ]);
  const log = logWith('SNAPSHOT_START', 'SNAPSHOT_END', 'CONVERSION_START', 'CONVERSION_END', 'LAUNCH_START');
  const steps = stepsOf({ job: jobWith('LAUNCHED'), log }, ID);
  assert.deepEqual(steps[1], { name: 'CONVERSION', status: 'DONE', beganMs: 2000, endedMs: 3000 });
  assert.equal(steps[2]?.status, 'DONE');
  assert.equal(currentStep(steps), undefined);
});

test('what fails ends it, and what was to come is left out', () => {
  const lines = [
    'SNAPSHOT_START',
    'SNAPSHOT_END',
    'CONVERSION_START',
    'CONVERSION_FAIL: GUEST_UNSUPPORTED: no',
  ];
  const job = jobWith('FAILED');
  const log = logWith(...lines, 'LAUNCH_FAILED: GUEST_UNSUPPORTED: no');
  assert.deepEqual(statuses(job, ...lines, 'LAUNCH_FAILED'), [
    'SNAPSHOT DONE',
    'CONVERSION FAILED',
    'LAUNCH LEFT_OUT',
  ]);
  assert.deepEqual(failuresOf({ job, log }), [
    {
      ...{ sourceServerID: ID, step: 'CONVERSION', rawError: 'GUEST_UNSUPPORTED: no' },
      earlierMachine: 'UNTOUCHED',
    },
  ]);
});

test('a launch that fails at any step says so there, and why', () => {
  const steps = ['SNAPSHOT', 'CONVERSION', 'LAUNCH'] as const;
  for (const [at, failing] of steps.entries()) {
    const done = steps.slice(0, at).flatMap((name) => [`${name}_START`, `${name}_END`]);
    const failure = failing === 'LAUNCH' ? 'LAUNCH_FAILED' : `${failing}_FAIL`;
    const lines = [
      ...done,
      `${failing}_START`,
      `${failure}: MACHINE_DIED: no`,
      'LAUNCH_FAILED: MACHINE_DIED: no',
    ];
    const job = jobWith('FAILED');
    assert.deepEqual(
      statuses(job, ...lines),
      steps.map((name, index) => `${name} ${index < at ? 'DONE' : index === at ? 'FAILED' : 'LEFT_OUT'}`),
    );
    const [told, ...others] = failuresOf({ job, log: logWith(...lines) });
    assert.deepEqual([told?.step, told?.rawError, others], [failing, 'MACHINE_DIED: no', []]);
  }
});

test('a launch goes on with an older point, and beside an older machine that does not end', () => {
  const job = jobWith('IN_PROGRESS');
  const log = logWith(
    'CLEANUP_START',
    'CLEANUP_FAIL: PROGRAM_AWAY: away',
    'SNAPSHOT_START',
    'SNAPSHOT_FAIL: PROGRAM_AWAY: away',
    'USING_PREVIOUS_SNAPSHOT',
  );
  const [cleanup, snapshot] = stepsOf({ job, log }, ID);
  assert.equal(cleanup?.status, 'DONE');
  assert.equal(cleanup?.remark, 'PROGRAM_AWAY: away');
  assert.equal(snapshot?.status, 'UNDER_WAY');
  assert.deepEqual(failuresOf({ job, log }), []);
});

test('a launch that fails before anything was begun failed when it was planned', () => {
  const job = jobWith('FAILED');
  const log = logWith('LAUNCH_FAILED: LAUNCH_HOST_MISSING: none');
  assert.deepEqual(statuses(job, 'LAUNCH_FAILED: LAUNCH_HOST_MISSING: none'), [
    'PLAN FAILED',
    'SNAPSHOT LEFT_OUT',
    'CONVERSION LEFT_OUT',
    'LAUNCH LEFT_OUT',
  ]);
  const [failure] = failuresOf({ job, log });
  assert.deepEqual([failure?.step, failure?.rawError], ['PLAN', 'LAUNCH_HOST_MISSING: none']);
});

test('a launch that fails between the point and the conversion failed at working out the machine', () => {
  const lines = ['SNAPSHOT_START', 'SNAPSHOT_END', 'LAUNCH_FAILED: MACHINE_SIZE_UNKNOWN: none'];
  assert.deepEqual(statuses(jobWith('FAILED'), ...lines), [
    'SNAPSHOT DONE',
    'SPECIFICATION FAILED',
    'CONVERSION LEFT_OUT',
    'LAUNCH LEFT_OUT',
  ]);
});

test('what became of the earlier machine is told with the failure', () => {
  const told = (...lines: readonly string[]) =>
    failuresOf({ job: jobWith('FAILED'), log: logWith(...lines, 'LAUNCH_FAILED: MACHINE_DIED: no') })[0];
  const failing = ['SNAPSHOT_START', 'SNAPSHOT_FAIL: MACHINE_DIED: no'];
  assert.equal(told(...failing)?.earlierMachine, 'UNTOUCHED');
  assert.equal(told('CLEANUP_START', 'CLEANUP_END', ...failing)?.earlierMachine, 'ENDED');
  const notEnded = ['CLEANUP_START', 'CLEANUP_FAIL: PROGRAM_AWAY: away'];
  assert.equal(told(...notEnded, ...failing)?.earlierMachine, 'NOT_ENDED');
});

test('a cutover shows its proof, a termination its one step', () => {
  const cutover = jobWith('IN_PROGRESS', { initiatedBy: 'START_CUTOVER' });
  assert.equal(statuses(cutover, 'BOOT_PROOF_START')[0], 'BOOT_PROOF UNDER_WAY');
  const unproved = jobWith('FAILED', { initiatedBy: 'START_CUTOVER' });
  assert.deepEqual(statuses(unproved, 'BOOT_PROOF_START', 'BOOT_PROOF_FAIL: x', 'LAUNCH_FAILED: x'), [
    'BOOT_PROOF FAILED',
    'SNAPSHOT LEFT_OUT',
    'CONVERSION LEFT_OUT',
    'LAUNCH LEFT_OUT',
  ]);
  const ended = jobWith('TERMINATED', { type: 'TERMINATE' });
  assert.deepEqual(statuses(ended, 'CLEANUP_START', 'CLEANUP_END'), ['CLEANUP DONE']);
  assert.deepEqual(statuses(jobWith('FAILED', { type: 'TERMINATE' }), 'CLEANUP_START', 'CLEANUP_FAIL: x'), [
    'CLEANUP FAILED',
  ]);
});

test('post-launch actions are a step of their own, and their failure is told', () => {
  const lines = [
    'SNAPSHOT_START',
    'SNAPSHOT_END',
    'CONVERSION_START',
    'CONVERSION_END',
    'LAUNCH_START: sized',
  ];
  const withActions = (launchStatus: Mgn.LaunchStatus, executionStatus: 'IN_PROGRESS' | 'FAILED') =>
    jobWith(launchStatus, {
      participatingServers: [
        {
          sourceServerID: ID,
          launchStatus,
          postLaunchActionsStatus: {
            ssmAgentDiscoveryDatetime: '2026-01-31T12:00:00Z',
            postLaunchActionsLaunchStatusList: [{ executionStatus, failureReason: 'exit 3' }],
          },
        },
      ],
    });
  const running = stepsOf({ job: withActions('IN_PROGRESS', 'IN_PROGRESS'), log: logWith(...lines) }, ID);
  assert.equal(running.at(-2)?.status, 'DONE');
  assert.equal(running.at(-2)?.remark, 'sized');
  assert.equal(running.at(-1)?.status, 'UNDER_WAY');
  const log = logWith(...lines, 'LAUNCH_FAILED: exit 3');
  const failed = stepsOf({ job: withActions('FAILED', 'FAILED'), log }, ID);
  assert.deepEqual(
    failed.slice(-2).map(({ name, status }) => `${name} ${status}`),
    ['LAUNCH DONE', 'POST_LAUNCH FAILED'],
  );
  const coded = logWith(...lines, 'LAUNCH_FAILED: POST_LAUNCH_FAILED: exit 3');
  const [failure] = failuresOf({ job: withActions('FAILED', 'FAILED'), log: coded });
  assert.equal(failure?.rawError, 'POST_LAUNCH_FAILED: exit 3', 'the code is what tells what to do');
});

test('servers of one job are told apart, and events of newer releases change nothing', () => {
  const job = jobWith('IN_PROGRESS');
  const [entry] = logWith('SNAPSHOT_START');
  const other = { ...entry, eventData: { sourceServerID: 's-other' } };
  const newer = { ...entry, event: 'QUANTUM_START' as Mgn.JobLogEvent };
  assert.equal(stepsOf({ job, log: [other, newer] }, ID)[0]?.status, 'AHEAD');
});

test('every event and every step has its words', () => {
  for (const event of JOB_LOG_EVENTS) assert.ok(`job.event.${event}` in EN, event);
  for (const step of JOB_STEPS) assert.ok(`job.step.${step}` in EN, step);
});
