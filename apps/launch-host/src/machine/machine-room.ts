/**
 * Room for the disks of machines that fill in: a file system that is full pauses every machine on it.
 *
 * S1 Before a machine begins there is room for what it misses, beside what all others that fill in still
 *    miss: one machine at a time looks, and is on record as one that fills in before the next looks.
 * S2 While it fills in, guests write, too, and others take room: with little left its jobs are held, and go
 *    on by themselves. That is less than S1 leaves, so what began with just enough is not held at its end.
 */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { checkSpaceToFillIn, freeBytesIn } from '@landfall/launch';
import { formatBytes, MIB, OperationError } from '@landfall/runtime';
import { type MachineContext, overlayName } from './machine-context.ts';
import { type MachineRecord, withoutError } from './machine-record.ts';

const HELD_BELOW_BYTES = 128 * MIB;
/** More than that, so that jobs do not go on and off. */
const RELEASED_FROM_BYTES = 256 * MIB;
const OF_FILLING_IN: ReadonlySet<string> = new Set(['OVERLAY_NO_SPACE', 'HYDRATION_FAILED']);

/** S1: `begin` puts the machine on record as one that fills in; it is not called without room for that. */
export async function beginIfRoom(context: MachineContext, begin: () => Promise<void>): Promise<void> {
  await context.services.roomTurns.run(new AbortController().signal, async () => {
    if (await hasRoom(context)) await begin();
  });
}

async function hasRoom(context: MachineContext): Promise<boolean> {
  const record = context.record();
  const { machineId } = record.specification;
  const { folder, services } = context;
  try {
    const others = await othersFillingIn(context);
    await checkSpaceToFillIn(overlaysOf(context, record), { folder, others });
  } catch (error) {
    if (!(error instanceof OperationError) || error.code !== 'OVERLAY_NO_SPACE') throw error;
    const better = refused(record, error);
    // Whoever wants it whole asks every few seconds: what is known is neither logged nor written again.
    if (!isDeepStrictEqual(better, record)) {
      services.logger.warn('hydration-not-begun', { machineId, error });
      await context.replace(better);
    }
    return false;
  }
  if (record.hydration.isHeld || record.error?.code === 'OVERLAY_NO_SPACE') {
    await context.replace(released(record));
  }
  return true;
}

/** Of a machine that died, say, that is what matters. */
function refused(record: MachineRecord, { code, message, hint = '' }: OperationError): MachineRecord {
  const hydration = { ...record.hydration, state: 'FAILED' } as const;
  const isOfAnother = record.error !== undefined && !OF_FILLING_IN.has(record.error.code);
  return { ...record, hydration, error: isOfAnother ? record.error : { code, message, hint } };
}

async function othersFillingIn(context: MachineContext): Promise<string[]> {
  const { machineId } = context.record().specification;
  const records = await context.services.store.loadAll();
  return records
    .filter(({ specification, hydration }) => {
      return specification.machineId !== machineId && hydration.state === 'RUNNING';
    })
    .flatMap((record) => overlaysOf(context, record));
}

function overlaysOf({ services }: MachineContext, { specification }: MachineRecord): string[] {
  const folder = services.store.folderOf(specification.machineId);
  return specification.disks.map(({ diskId }) => join(folder, overlayName(diskId)));
}

/** S2: whether the machine's jobs stand still for now. Of one that is on record as one that fills in. */
export async function followRoom(context: MachineContext): Promise<boolean> {
  const record = context.record();
  const wasHeld = record.hydration.isHeld === true;
  const freeBytes = await freeBytesIn(context.folder);
  const isHeld = freeBytes < (wasHeld ? RELEASED_FROM_BYTES : HELD_BELOW_BYTES);
  if (isHeld !== wasHeld) {
    const { machineId } = record.specification;
    context.services.logger.warn(isHeld ? 'hydration-held' : 'hydration-goes-on', { machineId, freeBytes });
  }
  if (isHeld && !(wasHeld && record.error !== undefined)) {
    await context.replace(held(record, context.folder, freeBytes));
  }
  if (!isHeld && wasHeld) await context.replace(released(record));
  return isHeld;
}

/** What else is said of the machine stays. */
function held(record: MachineRecord, folder: string, freeBytes: number): MachineRecord {
  const hydration = { ...record.hydration, isHeld: true } as const;
  const [free, needed] = [freeBytes, RELEASED_FROM_BYTES].map(formatBytes);
  const error = {
    code: 'OVERLAY_NO_SPACE',
    message: `only ${free} are free in ${folder}; the machine's disks are not filled in further below ${needed}`,
    hint: 'terminate test machines that are no longer needed, or free space there; it goes on by itself',
  };
  return { error, ...record, hydration };
}

/** There is room, or none is needed any more. */
export function released(record: MachineRecord): MachineRecord {
  const { isHeld: _isHeld, ...hydration } = record.hydration;
  const better = record.error?.code === 'OVERLAY_NO_SPACE' ? withoutError(record) : record;
  return { ...better, hydration };
}
