/**
 * Leaving a server as it was. `landfall-agent uninstall` does it on demand; the running agent does it by
 * itself when the control plane wants UNINSTALL. Whatever is left behind by a crash in between is removed by
 * the next try.
 */
import { removeSafetyNet } from '@landfall/capture';
import { readIdentity } from '@landfall/channel';
import { removeIfEmpty, removeState } from './file-installation.ts';
import { removeStatus } from './file-status.ts';
import { removeService } from './linux-service.ts';
import { safetyPlaceOf } from './safety-place.ts';

export interface UninstallOptions {
  readonly stateFolder: string;
  readonly runtimeFolder: string;
  readonly unitFolder: string;
  readonly withService: boolean;
  /** False from within the service, which ends by itself afterwards. */
  readonly stopService: boolean;
}

export async function uninstall(options: UninstallOptions): Promise<void> {
  if (options.withService) await removeService(options.unitFolder, { stop: options.stopService });
  await removeStatus(options.runtimeFolder);
  const identity = await readIdentity(options.stateFolder);
  if (identity !== undefined) {
    await removeSafetyNet(safetyPlaceOf(identity.programId, options.runtimeFolder));
  }
  await removeState(options.stateFolder);
  await removeIfEmpty(options.runtimeFolder);
}
