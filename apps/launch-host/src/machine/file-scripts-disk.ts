/** The disk from which a guest takes its post-launch scripts: a file in the machine's folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { scriptsDisk } from '@landfall/conversion';
import type { LaunchRequest } from '@landfall/launch';
import { writeDurably } from '@landfall/runtime';
import type { MachineContext } from './machine-context.ts';
import { allEnded, orderedScripts } from './post-launch-outcomes.ts';

const FILE = 'scripts.raw';

/**
 * Nothing for a machine that has none to run any more. What is there stays: a guest that has its scripts has
 * emptied it, and begins none again.
 */
export async function scriptsDiskFor(
  context: MachineContext,
): Promise<Pick<LaunchRequest, 'scriptsDiskPath'>> {
  const { specification, postLaunch = [] } = context.record();
  if (allEnded(postLaunch)) return {};
  const path = join(context.folder, FILE);
  if (!existsSync(path)) await writeDurably(path, scriptsDisk(orderedScripts(specification)));
  return { scriptsDiskPath: path };
}
