/** Fills in a machine's disks, a look at a time; the work itself is done by QEMU. */
import { join } from 'node:path';
import {
  advanceHydration,
  findQemu,
  type HydrationRequest,
  inspectImage,
  setHydrationSpeed,
  stopQemu,
  sumProgress,
} from '@landfall/launch';
import { OperationError } from '@landfall/runtime';
import { type MachineContext, overlayName } from './machine-context.ts';
import { startHydrator } from './machine-launch.ts';
import type { MachineRecord } from './machine-record.ts';

/**
 * Failures in a row, without getting further than ever before, before hydration is given up: some ten
 * minutes.
 */
const FAILURES_MAX = 300;

export async function hydrateOnce(context: MachineContext): Promise<void> {
  const { phase, hydration, conversion } = context.record();
  if (hydration.state !== 'RUNNING' || !conversion.done) return;
  try {
    if ((await findQemu(context.folder)) === undefined) {
      if (phase === 'RUNNING') return;
      await startHydrator(context);
    }
    await advance(context);
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    await noteFailure(context, error.message);
  }
}

export async function setSpeed(folder: string, record: MachineRecord): Promise<void> {
  if ((await findQemu(folder)) === undefined) return;
  await setHydrationSpeed(toRequest(folder, record));
}

async function advance(context: MachineContext): Promise<void> {
  const before = context.record().hydration;
  const { disks, errors } = await advanceHydration(toRequest(context.folder, context.record()));
  const { complete, doneBytes, totalBytes } = sumProgress(disks);
  if (doneBytes > before.doneBytes) {
    await context.update({ hydration: { ...before, doneBytes, totalBytes, failures: 0 } });
  }
  if (errors.length > 0) await noteFailure(context, errors.join('; '));
  else if (complete) await finish(context);
}

/** H1: complete is what the files say, not the jobs. */
async function finish(context: MachineContext): Promise<void> {
  const { specification, hydration, phase } = context.record();
  const { services, folder } = context;
  if (phase !== 'RUNNING') await stopQemu(folder, services.clock);
  for (const { diskId } of specification.disks) {
    const { hasBacking } = await inspectImage(join(folder, overlayName(diskId)));
    if (hasBacking) return await noteFailure(context, `${diskId} still has a backing`);
  }
  services.logger.info('hydration-complete', {
    machineId: specification.machineId,
    bytes: hydration.totalBytes,
  });
  await context.update({ hydration: { ...hydration, state: 'COMPLETE', doneBytes: hydration.totalBytes } });
}

async function noteFailure(context: MachineContext, reason: string): Promise<void> {
  const { hydration, specification } = context.record();
  const failures = hydration.failures + 1;
  const { machineId } = specification;
  context.services.logger.warn('hydration-interrupted', { machineId, reason, failures });
  if (failures < FAILURES_MAX) return await context.update({ hydration: { ...hydration, failures } });
  const error = {
    code: 'HYDRATION_FAILED',
    message: `the machine's disks cannot be filled in: ${reason}`,
    hint: 'check that the replication server runs and that the launch host has free space, then ask again',
  };
  await context.update({ hydration: { ...hydration, failures, state: 'FAILED' }, error });
}

function toRequest(folder: string, record: MachineRecord): HydrationRequest {
  return {
    folder,
    disks: record.specification.disks,
    bandwidthBytesPerSecond: record.hydration.bandwidthBytesPerSecond ?? undefined,
  };
}
