/**
 * Waits until a machine has got somewhere, asking once a second; a launch host that was restarted is told
 * again.
 */
import type { MachinePhase, MachineSpecification, MachineStatus } from '@landfall/channel';
import { OperationError } from '@landfall/runtime';
import type { Service } from '../service.ts';
import { changeMachine } from '../store/machines.ts';
import { type CallOptions, callProgram } from './call-program.ts';

const ASK_EVERY_MS = 1000;

export interface PhaseTarget {
  readonly launchHostId: string;
  readonly specification: MachineSpecification;
}

/** Errors: the machine's own when it FAILED; LAUNCH_TIMED_OUT. */
export async function awaitPhase(
  service: Service,
  { launchHostId, specification }: PhaseTarget,
  phases: readonly MachinePhase[],
  { timeoutMs, signal }: CallOptions,
): Promise<MachineStatus> {
  const { clock } = service;
  const host = { role: 'launch-host', programId: launchHostId } as const;
  const deadlineMs = clock.nowMs() + timeoutMs;
  const { machineId } = specification;
  for (let isTold = false; ; isTold = true) {
    const options = { timeoutMs: Math.max(1, deadlineMs - clock.nowMs()), signal };
    const status = isTold
      ? await describeOrEnsure(service, host, specification, options)
      : await callProgram(service, host, 'ensureMachine', specification, options);
    if (phases.includes(status.phase)) return status;
    if (status.phase === 'FAILED' || status.phase === 'TERMINATED') {
      await service.store.transaction((tx) => changeMachine(tx, machineId, { status }));
      throw failureOf(status);
    }
    if (clock.nowMs() >= deadlineMs) throw timedOut(status, timeoutMs);
    await clock.sleep(ASK_EVERY_MS, signal);
  }
}

/** A launch host that does not know the machine is told of it again. */
export async function describeOrEnsure(
  service: Service,
  host: { readonly role: 'launch-host'; readonly programId: string },
  specification: MachineSpecification,
  options: CallOptions,
): Promise<MachineStatus> {
  const { machineId } = specification;
  try {
    return await callProgram(service, host, 'describeMachine', { machineId }, options);
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof OperationError) || error.code === 'PROGRAM_AWAY') throw error;
    service.log.warn('machine-told-again', { machineId, error });
    return callProgram(service, host, 'ensureMachine', specification, options);
  }
}

function failureOf({ machineId, phase, error }: MachineStatus): OperationError {
  if (error === undefined) return new OperationError('LAUNCH_FAILED', `machine ${machineId} is ${phase}`);
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  return new OperationError(error.code, error.message, hint);
}

function timedOut({ machineId, phase }: MachineStatus, timeoutMs: number): OperationError {
  const minutes = Math.round(timeoutMs / 60_000);
  return new OperationError(
    'LAUNCH_TIMED_OUT',
    `machine ${machineId} is still ${phase} after ${minutes} min`,
    {
      hint: 'look at its console with `landfall console` and at the log of the launch host',
    },
  );
}
