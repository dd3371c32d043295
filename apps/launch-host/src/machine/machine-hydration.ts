/** Fills in a machine's disks, a look at a time; the work itself is done by the machine's host. */
import { join } from 'node:path';
import { type HydrationFacts, type HydrationRequest, inspectImage, sumProgress } from '@landfall/launch';
import { OperationError } from '@landfall/runtime';
import { type MachineContext, overlayName, placeOf } from './machine-context.ts';
import { startHydrator } from './machine-launch.ts';
import { isFlushed, type MachineRecord, withoutError } from './machine-record.ts';
import { beginIfRoom, followRoom, released } from './machine-room.ts';

/**
 * Failures in a row, without getting further than ever before, before hydration is given up: some ten
 * minutes of looks, or three where somebody asks for it every second meanwhile.
 */
const FAILURES_MAX = 300;
/** The least that is a limit: a job copies one more piece, and then waits for hours. */
const HELD_BYTES_PER_SECOND = 1;

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

/**
 * The limit is that of the next look. Asked for while it goes on, it goes on with the failures it has:
 * whoever asks every second would keep it from ever being given up. What is not under way begins, if there is
 * room.
 */
export async function wantHydration(
  context: MachineContext,
  bandwidthBytesPerSecond: number | null,
): Promise<void> {
  const { hydration } = context.record();
  if (hydration.state === 'COMPLETE') return;
  if (hydration.state === 'RUNNING') {
    return await context.update({ hydration: { ...hydration, bandwidthBytesPerSecond } });
  }
  await beginIfRoom(context, async () => {
    const begun = { state: 'RUNNING', bandwidthBytesPerSecond, failures: 0 } as const;
    await context.update({ hydration: { ...context.record().hydration, ...begun } });
  });
}

async function advance(context: MachineContext): Promise<void> {
  const isHeld = await followRoom(context);
  const { disks, errors } = await context.services.host.advanceHydration(toRequest(context, isHeld));
  await noteFlushed(context, disks);
  const { complete, doneBytes, totalBytes } = sumProgress(disks);
  const before = context.record().hydration;
  if (doneBytes > before.doneBytes) {
    const hydration = { ...before, doneBytes, totalBytes, failures: 0 };
    await context.replace({ ...gotFurther(context.record()), hydration });
  }
  // One that is held is not given up: it goes on when there is room.
  if (errors.length > 0 && !isHeld) await noteFailure(context, errors.join('; '));
  else if (errors.length === 0 && complete) await finish(context);
}

/** R3: before the host is told that it may take the view away, which it does at the next look. */
async function noteFlushed(context: MachineContext, disks: readonly HydrationFacts[]): Promise<void> {
  const { hydration } = context.record();
  const flushedDisks = disks.filter((disk) => disk.isFlushed).map(({ diskId }) => diskId);
  if (flushedDisks.join() === (hydration.flushedDisks ?? []).join()) return;
  await context.update({ hydration: { ...hydration, flushedDisks } });
}

/** H1: complete is what the files say, not the jobs. */
async function finish(context: MachineContext): Promise<void> {
  const { specification, phase } = context.record();
  const { services, folder } = context;
  if (phase !== 'RUNNING') await services.host.stop(placeOf(context));
  for (const { diskId } of specification.disks) {
    const { hasBacking } = await inspectImage(join(folder, overlayName(diskId)));
    if (hasBacking) return await noteFailure(context, `${diskId} still has a backing`);
  }
  await context.replace(completed(context.record()));
  const { totalBytes: bytes } = context.record().hydration;
  services.logger.info('hydration-complete', { machineId: specification.machineId, bytes });
}

function completed(record: MachineRecord): MachineRecord {
  const { hydration, ...rest } = gotFurther(released(record));
  return { ...rest, hydration: { ...hydration, state: 'COMPLETE', doneBytes: hydration.totalBytes } };
}

/** What was said when it was given up is not so any more. */
function gotFurther(record: MachineRecord): MachineRecord {
  return record.error?.code === 'HYDRATION_FAILED' ? withoutError(record) : record;
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

function toRequest(context: MachineContext, isHeld: boolean): HydrationRequest {
  const { specification, hydration } = context.record();
  const { folder } = context;
  return {
    ...placeOf(context),
    disks: specification.disks.map(({ diskId, sizeBytes }) => ({
      ...{ diskId, sizeBytes, overlayPath: join(folder, overlayName(diskId)) },
      isFlushed: isFlushed(context.record(), diskId),
    })),
    bandwidthBytesPerSecond: isHeld
      ? HELD_BYTES_PER_SECOND
      : (hydration.bandwidthBytesPerSecond ?? undefined),
  };
}
