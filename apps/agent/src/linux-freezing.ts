/** How this program freezes file systems for a scan: its guard is itself, run by another name. */
import { join } from 'node:path';
import { isSea } from 'node:sea';
import { GUARD_COMMAND, type ScanFreezing, thawLeftovers } from '@landfall/capture';
import type { Logger } from '@landfall/runtime';
import type { Installation } from './file-installation.ts';
import type { HeldOutput } from './held-output.ts';

export interface FreezingOptions {
  readonly freeze?: Installation['freeze'];
  readonly runtimeFolder: string;
  readonly output: HeldOutput;
}

export function freezingOf({ freeze, runtimeFolder, output }: FreezingOptions): ScanFreezing | undefined {
  if (freeze === undefined) return undefined;
  const own = isSea() ? [process.execPath] : [process.execPath, process.argv[1] ?? ''];
  return {
    ...freeze,
    guardCommand: [...own, GUARD_COMMAND],
    recordPath: recordPathIn(runtimeFolder),
    onFreezing: () => output.hold(),
    onThawed: () => output.release(),
  };
}

/** What an agent and its guard left frozen that were both killed: until then little works here. */
export async function thawWhatWasLeft(runtimeFolder: string, logger: Logger): Promise<void> {
  try {
    const mountPoints = await thawLeftovers(recordPathIn(runtimeFolder));
    if (mountPoints.length > 0) logger.warn('thawed-after-restart', { mountPoints });
  } catch (error) {
    logger.error('not-thawed', { error });
  }
}

function recordPathIn(runtimeFolder: string): string {
  return join(runtimeFolder, 'frozen.json');
}
