/**
 * Room for the overlays while a guest is converted. QEMU does not fail a write that finds no room: it stops
 * the appliance, which then waits for ever. So the room is watched from outside, and an appliance for which
 * there is none is ended with a reason.
 */
import { statfs } from 'node:fs/promises';
import { every, formatBytes, type Logger, MIB, OperationError } from '@landfall/runtime';

export interface SpaceWatch {
  /** On the same file system as the overlays. */
  readonly scratchFolder: string;
  readonly logger: Logger;
  readonly signal?: AbortSignal;
  readonly freeBytesMin?: number;
}

const LOOK_INTERVAL_MS = 2000;
/** Less is as good as none: the appliance writes as much between two looks. */
const FREE_BYTES_MIN = 32 * MIB;

/** Errors: OVERLAY_NO_SPACE, and those of the action. */
export async function watchSpace<Result>(
  request: SpaceWatch,
  action: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { scratchFolder, logger, freeBytesMin = FREE_BYTES_MIN } = request;
  const full = new AbortController();
  const look = async () => {
    const freeBytes = await freeBytesIn(scratchFolder);
    if (freeBytes < freeBytesMin) full.abort(noSpace(scratchFolder, freeBytes));
  };
  await look();
  const stop = every(LOOK_INTERVAL_MS, look, (error) => logger.warn('space-unknown', { error }));
  const signals = request.signal === undefined ? [full.signal] : [full.signal, request.signal];
  try {
    full.signal.throwIfAborted();
    return await action(AbortSignal.any(signals));
  } catch (error) {
    // What fails for want of room has many names.
    if (!full.signal.aborted) await look();
    throw full.signal.aborted ? full.signal.reason : error;
  } finally {
    stop();
  }
}

async function freeBytesIn(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

function noSpace(folder: string, freeBytes: number): OperationError {
  const message = `${formatBytes(freeBytes)} are free in ${folder}: a conversion has no room to write`;
  return new OperationError('OVERLAY_NO_SPACE', message, {
    hint: 'terminate test machines that are no longer needed, or free space there, then launch again',
  });
}
