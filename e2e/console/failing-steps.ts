/**
 * Each step of the control plane's job plans, made to fail by simulated programs, and what people are to see
 * of it.
 */
import assert from 'node:assert/strict';
import { PLANS } from '../../apps/control-plane/src/jobs/plan-for.ts';
import { revokeProgram } from '../../apps/control-plane/src/store/programs.ts';
import type { TestSite } from '../../apps/control-plane/src/testing/test-site.ts';
import type { Mgn } from '../../packages/api/src/index.ts';
import type { ErrorCode } from '../../packages/model/src/index.ts';
import { OperationError, systemClock } from '../../packages/runtime/src/index.ts';

const SCRIPT = { name: 'must', script: '#!/bin/sh\necho "{{word}}"\n', parameters: [{ name: 'word' }] };

export interface FailingStep {
  /** `LAUNCH CONVERSION`: the plan and its step. */
  readonly step: string;
  readonly code: ErrorCode;
  /** As the page calls the step. */
  readonly shownAs: string;
  /** A launch goes on without it, and the step says what went wrong. */
  readonly goesOn?: true;
  /** Returns the id of the job that fails. */
  fail(site: TestSite, sourceServerID: string): Promise<string>;
}

/** In an order in which each can follow the one before; after the last nothing is launched any more. */
export const FAILING_STEPS: readonly FailingStep[] = [
  {
    ...{ step: 'LAUNCH SNAPSHOT', code: 'NO_RECOVERY_POINT', shownAs: 'Fix the recovery point' },
    fail: (site, id) =>
      failCommand(site, id, {
        on: 'replication',
        name: 'resolveRecoveryPoint',
        code: 'NO_RECOVERY_POINT',
        point: 'epoch:1',
      }),
  },
  {
    ...{ step: 'LAUNCH EXPORT', code: 'RECOVERY_POINT_MISSING', shownAs: 'Fix the recovery point' },
    fail: (site, id) =>
      failCommand(site, id, { on: 'replication', name: 'openExport', code: 'RECOVERY_POINT_MISSING' }),
  },
  {
    ...{ step: 'LAUNCH SPECIFICATION', code: 'POST_LAUNCH_INVALID', shownAs: 'Work out the machine' },
    fail: async (site, id) => {
      await site.plane.api.landfall('PutScriptDocument', SCRIPT);
      await putAction(site, id, {});
      const jobID = await test(site, id);
      await site.plane.api.mgn('RemoveSourceServerAction', { sourceServerID: id, actionID: 'must' });
      return jobID;
    },
  },
  {
    ...{ step: 'LAUNCH CONVERSION', code: 'CONVERSION_IMPOSSIBLE', shownAs: 'Convert the disks' },
    fail: async (site, id) => {
      Object.assign(site.host, { failConversion: true, failureCode: 'CONVERSION_IMPOSSIBLE' });
      const jobID = await test(site, id);
      site.host.failConversion = false;
      return jobID;
    },
  },
  {
    ...{ step: 'LAUNCH LAUNCH', code: 'MACHINE_DIED', shownAs: 'Start the machine' },
    fail: async (site, id) => {
      site.host.onCommand = (name) => {
        if (name === 'ensureMachine') killConverted(site);
      };
      const jobID = await test(site, id);
      site.host.onCommand = undefined;
      return jobID;
    },
  },
  {
    ...{ step: 'LAUNCH POST_LAUNCH', code: 'POST_LAUNCH_FAILED', shownAs: 'Run post-launch actions' },
    fail: async (site, id) => {
      await site.plane.api.landfall('PutScriptParameter', { name: 'site.word', value: 'hello' });
      await putAction(site, id, { word: [{ parameterType: 'STRING', parameterName: 'site.word' }] });
      site.host.verdicts.set('must', { state: 'FAILED', exitCode: 3, output: 'no disk\n' });
      const jobID = await test(site, id);
      await site.plane.api.mgn('RemoveSourceServerAction', { sourceServerID: id, actionID: 'must' });
      return jobID;
    },
  },
  {
    ...{
      step: 'LAUNCH CLEANUP',
      code: 'MACHINE_STOP_FAILED',
      shownAs: 'End the earlier machine',
      goesOn: true,
    },
    fail: async (site, id) => {
      await test(site, id);
      return failCommand(site, id, { on: 'host', name: 'terminateMachine', code: 'MACHINE_STOP_FAILED' });
    },
  },
  {
    ...{ step: 'TERMINATE CLEANUP', code: 'MACHINE_STOP_FAILED', shownAs: 'End the earlier machine' },
    fail: async (site, id) => {
      await changeState(site, id, 'READY_FOR_TEST');
      const end = () => site.plane.api.mgn('TerminateTargetInstances', { sourceServerIDs: [id] });
      return whileFailing(site, { on: 'host', name: 'terminateMachine', code: 'MACHINE_STOP_FAILED' }, end);
    },
  },
  {
    ...{ step: 'LAUNCH BOOT_PROOF', code: 'BOOT_PROOF_FAILED', shownAs: 'Prove that it boots' },
    fail: async (site, id) => {
      await changeState(site, id, 'READY_FOR_CUTOVER');
      Object.assign(site.host, { failConversion: true, failureCode: 'CONVERSION_IMPOSSIBLE' });
      const { job } = await site.plane.api.mgn('StartCutover', { sourceServerIDs: [id] });
      const { jobID = '' } = await site.untilJobEnds(job?.jobID);
      site.host.failConversion = false;
      await changeState(site, id, 'READY_FOR_CUTOVER');
      await changeState(site, id, 'READY_FOR_TEST');
      return jobID;
    },
  },
  {
    ...{ step: 'LAUNCH PLAN', code: 'LAUNCH_HOST_MISSING', shownAs: 'Choose a launch host' },
    fail: async (site, id) => {
      const { store } = site.plane.current().service;
      await store.transaction((tx) => revokeProgram(tx, site.host.programId, systemClock.nowMs()));
      return test(site, id);
    },
  },
];

/** Of every plan that the public API shows as a job, so that a new step is asked for here. */
export function stepsOfPlans({ plane }: TestSite): readonly string[] {
  const { service } = plane.current();
  return Object.entries(PLANS).flatMap(([kind, plan]) =>
    // A retirement is no job of the API and does not give up: see its own story.
    kind === 'RETIREMENT' ? [] : plan(service).stepNames.map((name) => `${kind} ${name}`),
  );
}

interface FailingCommand {
  readonly on: 'host' | 'replication';
  readonly name: string;
  readonly code: ErrorCode;
  /** To launch from; absent: the newest. */
  readonly point?: string;
}

function failCommand(site: TestSite, sourceServerID: string, failing: FailingCommand): Promise<string> {
  const { api } = site.plane;
  return whileFailing(site, failing, () => {
    if (failing.point === undefined) return api.mgn('StartTest', { sourceServerIDs: [sourceServerID] });
    return api.landfall('StartLaunch', { sourceServerID, purpose: 'TEST', at: failing.point });
  });
}

/** The job's id, when it has ended. */
async function whileFailing(
  site: TestSite,
  { on, name, code }: FailingCommand,
  start: () => Promise<{ readonly job?: { readonly jobID?: string | undefined } | undefined }>,
): Promise<string> {
  const watcher = site[on];
  watcher.onCommand = (asked) => {
    if (asked === name) throw new OperationError(code, 'it was told to fail');
  };
  const { job } = await start();
  const { jobID = '' } = await site.untilJobEnds(job?.jobID);
  watcher.onCommand = undefined;
  return jobID;
}

async function test(site: TestSite, sourceServerID: string): Promise<string> {
  const { job } = await site.plane.api.mgn('StartTest', { sourceServerIDs: [sourceServerID] });
  const { jobID } = await site.untilJobEnds(job?.jobID);
  assert.ok(jobID !== undefined);
  return jobID;
}

/** As one whose process ended before the guest ran. */
function killConverted({ host }: TestSite): void {
  for (const machine of host.machines.values()) {
    const { status } = machine;
    if (status.phase !== 'CONVERTED') continue;
    const error = { code: 'MACHINE_DIED', message: 'QEMU ended by itself' };
    machine.status = { ...status, phase: 'FAILED', error, revision: status.revision + 1 };
  }
}

async function putAction(
  { plane }: TestSite,
  sourceServerID: string,
  parameters: NonNullable<Mgn.PutSourceServerActionRequest['parameters']>,
): Promise<void> {
  const named = { sourceServerID, actionID: 'must', actionName: 'must', order: 1001 };
  const action = { documentIdentifier: 'must', mustSucceedForCutover: true, parameters };
  await plane.api.mgn('PutSourceServerAction', { ...named, ...action });
}

async function changeState(
  { plane }: TestSite,
  sourceServerID: string,
  state: Mgn.ChangeServerLifeCycleStateSourceServerLifecycleState,
): Promise<void> {
  await plane.api.mgn('ChangeServerLifeCycleState', { sourceServerID, lifeCycle: { state } });
}
