/**
 * The power of a machine that was launched: on, off, off and on again. A guest is asked to power itself off
 * and has its time for that; what was asked is in the record until it has come true, so a restart of the
 * launch host forgets nothing of it.
 */
import type { PowerCommand, PowerRequest } from '@landfall/channel';
import type { RunState } from '@landfall/launch';
import { OperationError } from '@landfall/runtime';
import { type MachineContext, placeOf } from './machine-context.ts';
import { type MachineRecord, withoutError } from './machine-record.ts';

/** For a guest that was asked. */
export const POWER_OFF_MS_MAX = 3 * 60_000;

/** Errors: MACHINE_NOT_READY; the host's. */
export async function changePower(
  context: MachineContext,
  { action, forced }: Omit<PowerCommand, 'machineId'>,
): Promise<void> {
  if (action === 'START') return await switchOn(context);
  const { phase } = context.record();
  if (action === 'STOP' && (phase === 'STOPPED' || phase === 'FAILED')) return;
  if (phase !== 'RUNNING') throw notReady(context, 'it does not run');
  await ask(context, action);
  if (forced) await switchOff(context, action);
}

async function switchOn(context: MachineContext): Promise<void> {
  const record = context.record();
  const { phase, powerRequest, conversion, startedAtMs } = record;
  if (phase === 'RUNNING' && powerRequest?.kind !== 'STOP') return;
  const hasDied = phase === 'FAILED' && conversion.done && startedAtMs !== null;
  if (phase !== 'STOPPED' && !hasDied) throw notReady(context, 'it cannot be started now');
  // What fills in its disks gives them back.
  await context.services.host.stop(placeOf(context));
  await context.replace({
    ...withoutRequest(withoutError(record)),
    phase: 'STARTING',
    specification: { ...record.specification, disposition: 'STARTED' },
    restarts: 0,
  });
}

async function ask(context: MachineContext, kind: PowerRequest): Promise<void> {
  const { services, record, update, replace } = context;
  await update({ powerRequest: { kind, askedAtMs: services.clock.nowMs() } });
  try {
    await services.host.pressPowerButton(placeOf(context));
  } catch (error) {
    await replace(withoutRequest(record()));
    throw error;
  }
}

/**
 * Whether the machine is off now because that was asked for. Of a machine that runs, or ran; `state`: as it
 * was seen, absent when there is none any more.
 */
export async function followPowerRequest(
  context: MachineContext,
  state: RunState | undefined,
): Promise<boolean> {
  const { powerRequest } = context.record();
  if (powerRequest === undefined) return false;
  const isOff = state === undefined || state === 'POWERED_OFF';
  const isLate = context.services.clock.nowMs() - powerRequest.askedAtMs > POWER_OFF_MS_MAX;
  if (!isOff && !isLate) return false;
  await switchOff(context, powerRequest.kind);
  return true;
}

/** After RESTART the launch goes on from STARTING. */
async function switchOff(context: MachineContext, kind: PowerRequest): Promise<void> {
  const { services, record, replace } = context;
  const { machineId } = record().specification;
  services.logger.info('machine-switched-off', { machineId, kind });
  await services.host.stop(placeOf(context));
  const phase = kind === 'STOP' ? 'STOPPED' : 'STARTING';
  await replace({ ...withoutError(withoutRequest(record())), phase });
}

function withoutRequest(record: MachineRecord): MachineRecord {
  const { powerRequest: _request, ...rest } = record;
  return rest;
}

function notReady(context: MachineContext, why: string): OperationError {
  const { specification, phase } = context.record();
  return new OperationError('MACHINE_NOT_READY', `machine ${specification.machineId} is ${phase}: ${why}`, {
    hint: 'wait until it is RUNNING or STOPPED',
    retryable: true,
  });
}
