/**
 * Disks that outlive their machine: STATE/kept-disks/MACHINE/DISK.qcow2. Only one that holds everything
 * itself is of use without its view; the others go with the machine, and the log says so.
 */
import { access, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inspectImage } from '@landfall/launch';
import { ensureFolder, type Logger, syncFolder, systemErrorCode } from '@landfall/runtime';
import type { MachineStore } from '../machine/file-machine-store.ts';
import { overlayName } from '../machine/machine-context.ts';
import { isFlushed, type MachineRecord } from '../machine/machine-record.ts';

/** QEMU has ended. May be repeated: a disk that was moved stays where it is. */
export async function keepDisks(
  { store, logger }: { readonly store: MachineStore; readonly logger: Logger },
  record: MachineRecord,
): Promise<void> {
  const { specification, conversion } = record;
  const { machineId, disks } = specification;
  if (!conversion.done) return;
  for (const { diskId } of disks.filter(({ keepOnTermination }) => keepOnTermination === true)) {
    const from = join(store.folderOf(machineId), overlayName(diskId));
    if (!(await exists(from))) continue;
    // R3: what has no backing may still miss something.
    if ((await inspectImage(from)).hasBacking || !isFlushed(record, diskId)) {
      const why = 'it was not filled in and depends on its view; hydrate a machine before it is terminated';
      logger.warn('disk-not-kept', { machineId, diskId, why });
      continue;
    }
    const to = join(store.keptFolderOf(machineId), `${diskId}.qcow2`);
    await ensureFolder(dirname(to));
    await rename(from, to);
    await syncFolder(dirname(to));
    logger.info('disk-kept', { machineId, diskId, path: to });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
