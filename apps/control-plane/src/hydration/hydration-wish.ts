/** How a machine's own disks are to be filled in, and what follows from that for now. */
import { ApiError } from '@landfall/api';
import type { CommandInput, MachineStatus } from '@landfall/channel';
import { KIB } from '@landfall/runtime';
import type { Service } from '../service.ts';
import { changeMachine, findMachine, type HydrationWish, type MachineRecord } from '../store/machines.ts';
import type { Queries } from '../store/schema.ts';

/**
 * What fills in reads the view as fast as it can, and so does a guest that boots: it goes first, because it
 * is what everybody waits for. A guest that takes longer has both from then on.
 */
export const BOOT_GRACE_MS = 2 * 60_000;

/** Less is no limit anybody means, and a disk that takes years. */
const BYTES_PER_SECOND_MIN = 64 * KIB;

/** Of machines of older releases. */
const NO_WISH: HydrationWish = { start: 'AT_FINALIZE', isWanted: false, bytesPerSecondMax: null };

/** Its launch has come up: disks of a cutover's machine fill in by themselves, if its template says so. */
export async function wantHydration(
  { clock, bootGraceMs }: Pick<Service, 'clock' | 'bootGraceMs'>,
  tx: Queries,
  machineId: string,
): Promise<void> {
  const machine = await findMachine(tx, machineId);
  if (machine?.hydration === undefined || machine.purpose !== 'CUTOVER') return;
  if (machine.hydration.start !== 'AFTER_LAUNCH') return;
  const nowMs = clock.nowMs();
  // By the clock of another computer: it may be ahead. One that was not started does not boot.
  const startedMs = Math.min(machine.status?.startedAtMs ?? 0, nowMs);
  const notBefore = startedMs + bootGraceMs > nowMs ? { notBeforeMs: startedMs + bootGraceMs } : {};
  await changeMachine(tx, machineId, { hydration: { ...machine.hydration, isWanted: true, ...notBefore } });
}

/** Somebody has asked for it, and so for now. Limit 0: none; `undefined`: the one it has. */
export function askedHydration(
  { hydration = NO_WISH }: Pick<MachineRecord, 'hydration'>,
  limit: number | undefined,
): HydrationWish {
  const bytesPerSecondMax = limit === undefined ? hydration.bytesPerSecondMax : limit === 0 ? null : limit;
  return { start: hydration.start, isWanted: true, bytesPerSecondMax };
}

/** What its launch host is told. */
export function hydrationOrder({
  machineId,
  hydration = NO_WISH,
}: Pick<MachineRecord, 'machineId' | 'hydration'>): CommandInput<'launch-host', 'hydrateMachine'> {
  const { bytesPerSecondMax } = hydration;
  return bytesPerSecondMax === null
    ? { machineId }
    : { machineId, bandwidthBytesPerSecond: bytesPerSecondMax };
}

/**
 * TELL: the launch host does not do what is wanted, or could not. CLOSE: the machine depends on nothing of
 * ours any more, so its view can go. Complete is what the launch host says is, never a machine that has died.
 */
export type HydrationStep = 'TELL' | 'CLOSE' | 'NOTHING';

export function nextHydrationStep(
  { hydration = NO_WISH }: Pick<MachineRecord, 'hydration'>,
  status: MachineStatus | null,
  { clock, bootGraceMs }: Pick<Service, 'clock' | 'bootGraceMs'>,
): HydrationStep {
  if (!hydration.isWanted || status === null) return 'NOTHING';
  const { state, bytesPerSecondMax = null } = status.hydration;
  if (status.phase === 'CONVERTING' || status.phase === 'TERMINATED') return 'NOTHING';
  if (state === 'COMPLETE') return 'CLOSE';
  const graceMs = (hydration.notBeforeMs ?? 0) - clock.nowMs();
  // More than there ever is: the clock was set back.
  if (state === 'NOT_STARTED' && graceMs > 0 && graceMs <= bootGraceMs) return 'NOTHING';
  const isSo = state === 'RUNNING' && bytesPerSecondMax === hydration.bytesPerSecondMax;
  return isSo ? 'NOTHING' : 'TELL';
}

/** Errors: ValidationException, for a limit that is none. */
export function checkHydrationLimit(name: string, limit: number | undefined): void {
  if (limit === undefined || limit === 0 || limit >= BYTES_PER_SECOND_MIN) return;
  const message = `must be at least ${BYTES_PER_SECOND_MIN} bytes a second, or 0 for no limit`;
  throw ApiError.validation(`${name}: ${message}.`, {
    reason: 'fieldValidationFailed',
    fieldList: [{ name, message }],
  });
}
