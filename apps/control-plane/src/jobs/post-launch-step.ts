/**
 * Waits for what runs in a launched machine, and keeps what is known of it with the job. The scripts keep
 * their own time in the guest; this deadline is for a guest that never says anything.
 */
import type { MachineStatus, PostLaunchOutcome, PostLaunchScript } from '@landfall/channel';
import { OperationError } from '@landfall/runtime';
import type { PlannedAction } from '../actions/post-launch-plan.ts';
import type { Service } from '../service.ts';
import { saveJobServer } from '../store/jobs.ts';
import { changeMachine } from '../store/machines.ts';
import { callProgram } from './call-program.ts';
import type { StepRun } from './job-runner.ts';
import type { PhaseTarget } from './machine-phase.ts';

const ASK_EVERY_MS = 1000;
/** For a slow guest to start, and to end what it was told to end. */
const BOOT_MS = 15 * 60_000;
const GRACE_SECONDS = 30;
const OUTPUT_TOLD_CHARACTERS = 200;

export interface PostLaunchWork extends PhaseTarget {
  readonly actions: readonly PlannedAction[];
}

/** Errors: POST_LAUNCH_FAILED, and the machine's own when it FAILED. */
export async function awaitPostLaunch(
  service: Service,
  run: StepRun,
  { launchHostId, specification, actions }: PostLaunchWork,
): Promise<MachineStatus> {
  const { clock } = service;
  const { machineId, postLaunchScripts = [] } = specification;
  const host = { role: 'launch-host', programId: launchHostId } as const;
  const deadlineMs = clock.nowMs() + allowanceMs(postLaunchScripts);
  let told = '';
  for (;;) {
    const options = { timeoutMs: Math.max(1, deadlineMs - clock.nowMs()), signal: run.signal };
    const status = await callProgram(service, host, 'describeMachine', { machineId }, options);
    const outcomes = status.postLaunch ?? [];
    const text = JSON.stringify(outcomes);
    if (text !== told) await keep(service, run, { actions, outcomes, status });
    told = text;
    refuseFailed(postLaunchScripts, outcomes);
    if (outcomes.length >= postLaunchScripts.length && outcomes.every(hasEnded)) return status;
    if (status.phase !== 'RUNNING') throw machineEnded(status);
    if (clock.nowMs() >= deadlineMs) {
      refuseSilent(postLaunchScripts, outcomes);
      return status;
    }
    await clock.sleep(ASK_EVERY_MS, run.signal);
  }
}

function allowanceMs(scripts: readonly PostLaunchScript[]): number {
  const seconds = scripts.reduce((sum, script) => sum + script.timeoutSeconds + GRACE_SECONDS, 0);
  return BOOT_MS + 1000 * seconds;
}

interface Progress {
  readonly actions: readonly PlannedAction[];
  readonly outcomes: readonly PostLaunchOutcome[];
  readonly status: MachineStatus;
}

async function keep(service: Service, run: StepRun, { actions, outcomes, status }: Progress): Promise<void> {
  const { machineId } = status;
  const key = { jobId: run.job.jobId, sourceServerId: run.sourceServerId };
  run.signal.throwIfAborted();
  await service.store.transaction(async (tx) => {
    await changeMachine(tx, machineId, { status });
    await saveJobServer(tx, {
      ...key,
      launchStatus: 'IN_PROGRESS',
      machineId,
      postLaunch: { actions, outcomes },
    });
  });
}

function hasEnded({ state }: PostLaunchOutcome): boolean {
  return state !== 'PENDING' && state !== 'RUNNING';
}

function refuseFailed(scripts: readonly PostLaunchScript[], outcomes: readonly PostLaunchOutcome[]): void {
  for (const { actionId, name, mustSucceed, timeoutSeconds } of scripts) {
    const outcome = outcomes.find((one) => one.actionId === actionId);
    if (!mustSucceed || outcome === undefined || !hasEnded(outcome)) continue;
    if (outcome.state !== 'SUCCEEDED') throw failed(`${name} ${whyFailed(outcome, timeoutSeconds)}`);
  }
}

function refuseSilent(scripts: readonly PostLaunchScript[], outcomes: readonly PostLaunchOutcome[]): void {
  const silent = scripts.find(({ actionId, mustSucceed }) => {
    const outcome = outcomes.find((one) => one.actionId === actionId);
    return mustSucceed && (outcome === undefined || !hasEnded(outcome));
  });
  if (silent !== undefined) throw failed(`the machine never told of ${silent.name}`);
}

/** One line for people. */
export function whyFailed(outcome: PostLaunchOutcome, timeoutSeconds?: number): string {
  const limit = timeoutSeconds === undefined ? '' : ` of ${timeoutSeconds} s`;
  const words = {
    PENDING: 'never began',
    RUNNING: 'never ended',
    SUCCEEDED: 'succeeded',
    FAILED: outcome.exitCode === undefined ? 'failed' : `ended with exit code ${outcome.exitCode}`,
    TIMED_OUT: `took longer than its time limit${limit}`,
    NOT_RUN: 'was not run',
  }[outcome.state];
  const last = outcome.output.trim().split('\n').at(-1)?.slice(-OUTPUT_TOLD_CHARACTERS) ?? '';
  return last === '' ? words : `${words}: ${last}`;
}

function failed(what: string): OperationError {
  return new OperationError('POST_LAUNCH_FAILED', `a post-launch action that must succeed did not: ${what}`, {
    hint: 'read its output with `landfall machine actions`, correct the script or the server, then launch again',
  });
}

function machineEnded({ machineId, phase, error }: MachineStatus): OperationError {
  if (error !== undefined) return new OperationError(error.code, error.message);
  return failed(`machine ${machineId} is ${phase} before they ended`);
}
