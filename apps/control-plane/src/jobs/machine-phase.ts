/** Waits until a machine has got somewhere; a launch host that was restarted is told again. */
import type { MachinePhase, MachineSpecification, MachineStatus } from '@landfall/channel';
import { OperationError } from '@landfall/runtime';
import type { Service } from '../service.ts';
import { changeMachine } from '../store/machines.ts';
import { type CallOptions, callProgram } from './call-program.ts';

/** Somebody may be waiting for a machine whose conversion is kept: it is there in a moment, and seen then. */
const ASK_FIRST_MS = 50;
const ASK_EVERY_MS = 1000;
/** Of the time that was waited already. */
const ASK_AFTER_SHARE = 0.25;
const MINUTE_MS = 60_000;
/** A launch host converts one machine at a time: 200 of a quarter of an hour each take two days. */
const TURN_MS = 72 * 60 * MINUTE_MS;
/** virt-v2v has an hour, and may say nothing in it. */
const VIRT_V2V_MS = 75 * MINUTE_MS;

export interface PhaseTarget {
  readonly launchHostId: string;
  readonly specification: MachineSpecification;
}

/** As it was when it last moved. */
interface Seen {
  readonly status: MachineStatus;
  readonly movedAtMs: number;
  /** Since it was asked for. */
  readonly hasMoved: boolean;
}

/**
 * A machine that moves has all the time it needs, one that stands still `timeoutMs`, and so has a launch host
 * that is away. Errors: the machine's own when it FAILED; LAUNCH_TIMED_OUT.
 */
export async function awaitPhase(
  service: Service,
  { launchHostId, specification }: PhaseTarget,
  phases: readonly MachinePhase[],
  { timeoutMs, signal }: CallOptions,
): Promise<MachineStatus> {
  const { clock } = service;
  const host = { role: 'launch-host', programId: launchHostId } as const;
  const { machineId } = specification;
  const options = { timeoutMs, signal };
  const askedAtMs = clock.nowMs();
  let seen: Seen | undefined;
  for (;;) {
    const status =
      seen === undefined
        ? await callProgram(service, host, 'ensureMachine', specification, options)
        : await describeOrEnsure(service, host, specification, options);
    if (phases.includes(status.phase)) return status;
    if (status.phase === 'FAILED' || status.phase === 'TERMINATED') {
      await service.store.transaction((tx) => changeMachine(tx, machineId, { status }));
      throw failureOf(status);
    }
    const nowMs = clock.nowMs();
    seen = follow(seen, status, nowMs);
    const stillMsMax = patienceMs(seen, specification, timeoutMs);
    if (nowMs - seen.movedAtMs >= stillMsMax) throw timedOut(status, stillMsMax);
    await clock.sleep(askAfterMs(nowMs - askedAtMs), signal);
  }
}

function askAfterMs(waitedMs: number): number {
  return Math.min(ASK_EVERY_MS, Math.max(ASK_FIRST_MS, waitedMs * ASK_AFTER_SHARE));
}

function follow(before: Seen | undefined, status: MachineStatus, nowMs: number): Seen {
  if (before?.status.revision === status.revision) return before;
  return { status, movedAtMs: nowMs, hasMoved: before !== undefined };
}

/** The turn of a machine that is to be converted has come once it has moved. */
function patienceMs(
  { status: { phase, conversion }, hasMoved }: Seen,
  { conversionMethod }: MachineSpecification,
  timeoutMs: number,
): number {
  if (phase !== 'CONVERTING') return timeoutMs;
  if (!hasMoved && conversion.length === 0) return TURN_MS;
  const isDeep = conversionMethod === 'VIRT_V2V' || conversion.some(({ step }) => step === 'virt-v2v');
  return isDeep ? VIRT_V2V_MS : timeoutMs;
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

function timedOut({ machineId, phase }: MachineStatus, stillMs: number): OperationError {
  const minutes = Math.round(stillMs / MINUTE_MS);
  return new OperationError(
    'LAUNCH_TIMED_OUT',
    `machine ${machineId} is ${phase} and has not moved for ${minutes} min`,
    {
      hint: 'look at its console with `landfall console` and at the log of the launch host',
    },
  );
}
