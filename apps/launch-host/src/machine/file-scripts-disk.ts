/**
 * The disk from which a guest takes its post-launch scripts: a file in the machine's folder. It holds the
 * values of their parameters, which a guest empties when it has them. When they have ended and nothing has it
 * attached, it is emptied here as well: a guest may have been killed before, or be of an older release.
 *
 * It is removed only when the machine is started anew without it: libvirt keeps the definition of a machine
 * that is off, and whoever starts it there needs every disk that is named in it.
 */
import { existsSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { scriptsDisk } from '@landfall/conversion';
import type { LaunchRequest } from '@landfall/launch';
import { syncFolder, systemErrorCode, writeDurably } from '@landfall/runtime';
import { type MachineContext, placeOf } from './machine-context.ts';
import { allEnded, orderedScripts } from './post-launch-outcomes.ts';

const FILE = 'scripts.raw';

/**
 * Of a machine that is about to be started. Nothing for one that has none to run any more. What is there
 * stays: a guest that has its scripts has emptied it, and begins none again.
 */
export async function scriptsDiskFor(
  context: MachineContext,
): Promise<Pick<LaunchRequest, 'scriptsDiskPath'>> {
  const { specification, postLaunch = [] } = context.record();
  if (allEnded(postLaunch)) {
    await removeScriptsDisk(context.folder);
    return {};
  }
  const path = join(context.folder, FILE);
  if (!existsSync(path)) await writeDurably(path, scriptsDisk(orderedScripts(specification)));
  return { scriptsDiskPath: path };
}

/** A look at it, as at all of a machine. */
export async function emptyScriptsDisk(context: MachineContext): Promise<void> {
  const { phase, postLaunch = [], isScriptsDiskEmpty = false } = context.record();
  if (phase !== 'STOPPED' && phase !== 'FAILED') return;
  if (postLaunch.length === 0 || isScriptsDiskEmpty || !allEnded(postLaunch)) return;
  // What fills in the disks of a machine that is off ends, too.
  if (await context.services.host.find(placeOf(context))) return;
  await overwrite(context.folder);
  await context.update({ isScriptsDiskEmpty: true });
}

/** Nothing has it attached, and nothing will. Nothing to remove is success. */
export async function removeScriptsDisk(folder: string): Promise<void> {
  if (!(await overwrite(folder))) return;
  await rm(join(folder, FILE));
  await syncFolder(folder);
}

/** With zeros, durably; whether it was there. */
async function overwrite(folder: string): Promise<boolean> {
  try {
    const file = await open(join(folder, FILE), 'r+');
    try {
      const { size } = await file.stat();
      await file.writeFile(Buffer.alloc(size));
      await file.sync();
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
