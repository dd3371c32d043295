/** Fills in a machine's disks, a look at a time; the work itself is done by the machine's host. */
import { join } from 'node:path';
import { type HydrationRequest, inspectImage, sumProgress } from '@landfall/launch';
import { OperationError } from '@landfall/runtime';
import { type MachineContext, overlayName, placeOf } from './machine-context.ts';
import { startHydrator } from './machine-launch.ts';

/**
 * Failures in a row, without getting further than ever before, before hydration is given up: some ten
 * minutes.
 */
const FAILURES_MAX = 300;

export async function hydrateOnce(context: MachineContext): Promise<void> {
  const { phase, hydration, conversion } = context.record();
  if (hydration.state !== 'RUNNING' || !conversion.done) return;
  try {
    if (!(await context.services.host.find(placeOf(context)))) {
      if (phase === 'RUNNING') return;
      await startHydrator(context);
    }
    await advance(context);
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    await noteFailure(context, error.message);
  }
}

export async function setSpeed(context: MachineContext): Promise<void> {
  const { host } = context.services;
  if (await host.find(placeOf(context))) await host.setHydrationSpeed(toRequest(context));
}

async function advance(context: MachineContext): Promise<void> {
  const before = context.record().hydration;
  const { disks, errors } = await context.services.host.advanceHydration(toRequest(context));
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
  if (phase !== 'RUNNING') await services.host.stop(placeOf(context));
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

function toRequest(context: MachineContext): HydrationRequest {
  const { specification, hydration } = context.record();
  return {
    ...placeOf(context),
    disks: specification.disks,
    bandwidthBytesPerSecond: hydration.bandwidthBytesPerSecond ?? undefined,
  };
}
