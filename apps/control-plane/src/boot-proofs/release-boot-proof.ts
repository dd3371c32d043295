/** Gives back what a proof holds: its machines and exports at its end, its point and conversion later. */
import { describeError, OperationError } from '@landfall/runtime';
import { callProgram } from '../jobs/call-program.ts';
import type { Service } from '../service.ts';
import { type BootProofRecord, findBootProof, type HeldMachine } from '../store/boot-proofs.ts';
import { changeRecord } from './boot-proof-record.ts';

const RELEASE_MS = 60_000;
export const PIN_NAME = 'boot-proof';

/** What cannot be given back now stays on record, and is tried again. */
export async function releaseMachines(
  service: Service,
  { bootProofId }: BootProofRecord,
  signal: AbortSignal,
): Promise<void> {
  const held = (await findBootProof(service.store.db, bootProofId))?.held ?? [];
  for (const machine of held) {
    try {
      await endMachine(service, machine, signal);
    } catch (error) {
      signal.throwIfAborted();
      service.log.warn('boot-proof-not-released', { bootProofId, reason: describeError(error) });
      continue;
    }
    await changeRecord(service, bootProofId, signal, (before) => ({
      ...before,
      held: before.held.filter(({ machineId }) => machineId !== machine.machineId),
    }));
  }
}

/** Off the launch host first, which reads the export. */
async function endMachine(service: Service, held: HeldMachine, signal: AbortSignal): Promise<void> {
  const { machineId, launchHostId, replicationServerId } = held;
  const options = { timeoutMs: RELEASE_MS, signal };
  const host = { role: 'launch-host', programId: launchHostId } as const;
  await callProgram(service, host, 'terminateMachine', { machineId }, options);
  const to = { role: 'replication-server', programId: replicationServerId } as const;
  await callProgram(service, to, 'closeExport', { exportId: machineId }, options);
}

/** The point goes as its tier says, and the launch host removes the conversion. */
export async function giveUpPoint(
  service: Service,
  { bootProofId, sourceServerId, pin }: BootProofRecord,
  signal: AbortSignal,
): Promise<void> {
  if (pin !== undefined) await unpin(service, { sourceServerId, ...pin }, signal);
  await changeRecord(service, bootProofId, signal, (before) => ({
    ...before,
    ...{ pin: undefined, kept: undefined },
  }));
}

interface Pin {
  readonly sourceServerId: string;
  readonly replicationServerId: string;
  readonly epoch: number;
}

/** A name that somebody gave to the point meanwhile stays. A replica that is gone has no names. */
async function unpin(service: Service, pin: Pin, signal: AbortSignal): Promise<void> {
  const { sourceServerId, replicationServerId, epoch } = pin;
  const to = { role: 'replication-server', programId: replicationServerId } as const;
  const options = { timeoutMs: RELEASE_MS, signal };
  try {
    if ((await nameOf(service, pin, signal)) !== PIN_NAME) return;
    await callProgram(service, to, 'unpinRecoveryPoint', { sourceServerId, epoch }, options);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof OperationError) || isAway(error)) throw error;
    service.log.info('boot-proof-point-gone', { sourceServerId, epoch, reason: describeError(error) });
  }
}

function isAway({ code, retryable }: OperationError): boolean {
  return retryable || code === 'PROGRAM_AWAY' || code === 'PROGRAM_BUSY';
}

/** The name a point has now. */
export async function nameOf(
  service: Service,
  { sourceServerId, replicationServerId, epoch }: Pin,
  signal: AbortSignal,
): Promise<string | undefined> {
  const to = { role: 'replication-server', programId: replicationServerId } as const;
  const input = { sourceServerId, limit: MARKED_MAX, marked: true };
  const options = { timeoutMs: RELEASE_MS, signal };
  const { recoveryPoints } = await callProgram(service, to, 'listRecoveryPoints', input, options);
  return recoveryPoints.find((point) => point.epoch === epoch)?.name;
}

/** As many names as a server can have. */
const MARKED_MAX = 10_000;
